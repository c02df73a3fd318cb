//! Notify deliveries: messages that ask for nothing.

use super::documents::{Fetch, Insert};
use super::keys::Keys;
use crate::error::Error;

/// Stores a new delivery.
#[must_use]
pub fn create(keys: &Keys, id: String, json: String) -> Insert {
    let identity = &["channel", "message", "groupId"];
    Insert::new(
        keys.delivery(&id),
        json,
        identity,
        Error::DeliveryExists(id),
    )
}

/// Reads a delivery.
#[must_use]
pub fn get(keys: &Keys, id: &str) -> Fetch {
    Fetch::new(keys.delivery(id))
}
