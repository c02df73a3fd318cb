//! Points of failure, at which tests let this crate panic: see `campaign/trials/h3-panics.mjs`.
//!
//! They exist with the feature `faults` alone, which no release has.

/// Panics if a test has asked for it here and now.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub(crate) fn point(_name: &str) {}

#[cfg(feature = "faults")]
pub(crate) use armed::point;

#[cfg(all(feature = "faults", feature = "node", not(test)))]
pub(crate) use armed::arm;

#[cfg(feature = "faults")]
mod armed {
    use std::sync::{Mutex, PoisonError};

    /// The one fault that a test has asked for.
    struct Armed {
        name: String,
        /// How often the point is passed before it panics.
        passages: u32,
    }

    static ARMED: Mutex<Option<Armed>> = Mutex::new(None);

    /// Asks for a panic at the point `name` when it has been passed `passages` times more. Returns
    /// whether an earlier one that was asked for is still to come.
    #[cfg(all(feature = "node", not(test)))]
    pub(crate) fn arm(name: String, passages: u32) -> bool {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        armed.replace(Armed { name, passages }).is_some()
    }

    pub(crate) fn point(name: &str) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fault) = armed.as_mut().filter(|fault| fault.name == name) else {
            return;
        };
        if fault.passages > 0 {
            fault.passages -= 1;
            return;
        }
        *armed = None;
        drop(armed);
        panic!("a test has asked for this");
    }
}
