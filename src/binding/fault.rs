//! Lets tests ask for a panic. Only with the feature `faults`.

use napi_derive::napi;

use crate::fault;

/// Panics at the point `name` when it has been passed `passages` times more. Says whether an
/// earlier one that was asked for is still to come.
#[napi(catch_unwind)]
#[must_use]
pub fn arm_fault(name: String, passages: u32) -> bool {
    fault::arm(name, passages)
}
