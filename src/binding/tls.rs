//! Whom to trust in TLS, for all connections of the process. JavaScript tells it once: it is
//! what Node trusts, some 150 certificates.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use napi_derive::napi;

use crate::connection;
use crate::fault;

/// Whether certificates are kept under this name.
#[napi(catch_unwind)]
#[must_use]
pub fn keeps_authorities(name: String) -> bool {
    fault::point("keeps_authorities");
    connection::keeps_authorities(&name)
}

/// Keeps the certificates in `pem` under a name that tells them from all others.
#[napi(catch_unwind)]
pub fn keep_authorities(name: String, pem: String) {
    fault::point("keep_authorities");
    connection::keep_authorities(&name, &pem);
}
