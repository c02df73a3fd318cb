//! TLS over a stream that is open already, as Node's `tls.connect` would do it.
//!
//! What rustls accepts is accepted. What it refuses is an [`Error::Tls`]: rustls is stricter than
//! OpenSSL in some points, so the last word belongs to Node, if it can be asked (see `dial`).
//! Nothing is ever tried again with less verification.

mod authorities;
mod refusal;
mod stream;
mod verifier;

use std::fmt;
use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{SupportedProtocolVersion, version};
use serde::Deserialize;
use tokio_rustls::TlsConnector;

use self::stream::Secured;
use self::verifier::Verifier;
use super::host::Transport;
use super::settings::Address;
use crate::error::Error;
use crate::fault;

pub use self::authorities::{keep_authorities, keeps_authorities};
pub(super) use self::refusal::is_vague;

/// How TLS is spoken with one server.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// The name that the server is told and that its certificate must have. Absent: the server is
    /// told none, and the certificate must have that of the address.
    pub servername: Option<String>,
    /// Whether the certificate must be a good one.
    pub reject_unauthorized: bool,
    /// The name under which [`keep_authorities`] keeps whom to trust.
    pub authorities: String,
    /// What the client shows of itself.
    pub identity: Option<Identity>,
    /// The versions that may be spoken.
    pub versions: Vec<Version>,
    /// The protocols that the server may choose from (ALPN).
    pub protocols: Vec<Vec<u8>>,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Deserialize)]
pub struct Identity {
    /// The certificate, and those between it and its root.
    pub cert: String,
    /// The key, without a passphrase.
    pub key: String,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// 1.2
    #[serde(rename = "TLSv1.2")]
    Tls12,
    /// 1.3
    #[serde(rename = "TLSv1.3")]
    Tls13,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("servername", &self.servername)
            .field("reject_unauthorized", &self.reject_unauthorized)
            .finish_non_exhaustive()
    }
}

/// Speaks TLS on `transport`, which leads to `address`.
pub(super) async fn secure(
    transport: Transport,
    tls: &Tls,
    address: &Address,
) -> Result<Transport, Error> {
    fault::point("tls");
    let name = name_of(tls, address)?;
    let connector = TlsConnector::from(Arc::new(config(tls)?));
    let stream = connector.connect(name, transport).await;
    let stream = stream.map_err(|error| refusal::while_connecting(&error))?;
    Ok(Box::new(Secured(stream)))
}

/// The name that the certificate must have.
fn name_of(tls: &Tls, address: &Address) -> Result<ServerName<'static>, Error> {
    let name = match (&tls.servername, address) {
        (Some(name), _) => name,
        (None, Address::Tcp { host, .. }) => host,
        (None, Address::Unix { .. }) => "localhost",
    };
    ServerName::try_from(name.to_owned()).map_err(|_| refusal::unsupported())
}

fn config(tls: &Tls) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(tls, &provider)?;
    let versions: Vec<_> = tls.versions.iter().map(|&version| version.into()).collect();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| refusal::of(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.read()?;
            let built = builder.with_client_auth_cert(chain, key);
            built.map_err(|error| refusal::of(&error))?
        }
    };
    config.enable_sni = tls.servername.is_some();
    config.alpn_protocols.clone_from(&tls.protocols);
    // The caller's client checks the certificate at each connect, and so do we.
    config.resumption = Resumption::disabled();
    Ok(config)
}

impl Identity {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(self.cert.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        // What is wrong with them is not told: they are secrets.
        match (chain, key) {
            (Ok(chain), Ok(key)) => Ok((chain, key)),
            _ => Err(refusal::unsupported()),
        }
    }
}

impl From<Version> for &'static SupportedProtocolVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::Tls12 => &version::TLS12,
            Version::Tls13 => &version::TLS13,
        }
    }
}
