//! Store errors on their way to JavaScript: a JSON text, from which `js/errors.js` builds an
//! `Error` in the realm of the caller.

use serde::Serialize;

use crate::error::Error;

#[derive(Serialize)]
struct Report<'a> {
    code: &'a str,
    message: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ambiguous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Box<Report<'a>>>,
}

impl<'a> Report<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            ambiguous: error.ambiguous(),
            cause: error.cause().map(|cause| Box::new(Self::of(cause))),
        }
    }
}

/// The error as JSON.
pub fn report(error: &Error) -> Vec<u8> {
    // A struct of strings and flags always serializes.
    serde_json::to_vec(&Report::of(error)).unwrap_or_default()
}
