//! The native functions of maintenance, whose calls take many steps: `js/maintenance.js` asks for one
//! after the other.

use napi::bindgen_prelude::{External, Uint8Array};
use napi_derive::napi;

use super::state::NativeStore;
use crate::store::purge::Order;
use crate::store::{purge, verify};

/// One step of `purge()`; `from` is the `next` of the step before it.
#[napi(catch_unwind)]
pub fn purge(
    store: &External<NativeStore>,
    ticket: u32,
    before: f64,
    limit: f64,
    dry_run: bool,
    from: Option<String>,
) {
    let order = Order {
        before: whole(before),
        limit: u64::try_from(whole(limit)).unwrap_or(0),
        dry_run,
    };
    store.submit(ticket, purge::step(store.keys.clone(), order, from));
}

/// A number of JavaScript's that is known to be whole and small enough.
#[expect(
    clippy::cast_possible_truncation,
    reason = "times of a Date and safe integers"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

/// One step of `verify()`; `from` is the `next` of the step before it. `unprefixed`: the store's
/// prefix without the client's `keyPrefix`, where there is one.
#[napi(catch_unwind)]
pub fn verify(
    store: &External<NativeStore>,
    ticket: u32,
    repair: bool,
    unprefixed: Option<Uint8Array>,
    from: Option<String>,
) {
    let unprefixed = unprefixed.map(|prefix| prefix.to_vec());
    store.submit(
        ticket,
        verify::step(store.keys.clone(), repair, unprefixed, from),
    );
}
