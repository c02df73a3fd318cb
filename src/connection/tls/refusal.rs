//! Why two sides could not agree on TLS, in Node's codes and words.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError};
use webpki::EndEntityCert;

use super::authorities::Authorities;
use crate::error::Error;

/// A verdict on the server's certificate, on its way through rustls.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    code: &'static str,
    text: &'static str,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl std::error::Error for Verdict {}

impl From<Verdict> for Error {
    fn from(Verdict { code, text }: Verdict) -> Self {
        Self::Tls {
            code: code.into(),
            text: text.into(),
        }
    }
}

const UNSUPPORTED: Verdict = Verdict {
    code: "ERR_TLS_UNSUPPORTED",
    text: "The server's TLS, or the client's settings for it, need OpenSSL",
};

/// What OpenSSL may be able to do, but not we.
pub(super) fn unsupported() -> Error {
    UNSUPPORTED.into()
}

/// Whether a refusal says only that we are not the ones to judge.
pub(in crate::connection) fn is_vague(refusal: &Error) -> bool {
    refusal.code() == UNSUPPORTED.code
}

/// What webpki has against the server's certificate.
pub(super) fn of_certificate(
    error: &webpki::Error,
    server: &CertificateDer<'_>,
    sent: &[CertificateDer<'_>],
    trusted: &Authorities,
) -> rustls::Error {
    let (code, text) = match error {
        webpki::Error::CertExpired { .. } | webpki::Error::InvalidCertValidity => {
            ("CERT_HAS_EXPIRED", "certificate has expired")
        }
        webpki::Error::CertNotValidYet { .. } => {
            ("CERT_NOT_YET_VALID", "certificate is not yet valid")
        }
        webpki::Error::CertNotValidForName(_) => (
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "Hostname/IP does not match certificate's altnames",
        ),
        webpki::Error::UnknownIssuer => untrusted(server, sent, trusted),
        webpki::Error::CaUsedAsEndEntity if is_own_authority(server) => {
            untrusted(server, sent, trusted)
        }
        webpki::Error::InvalidSignatureForPublicKey => {
            ("CERT_SIGNATURE_FAILURE", "certificate signature failure")
        }
        webpki::Error::RequiredEkuNotFoundContext(_) => {
            ("INVALID_PURPOSE", "unsupported certificate purpose")
        }
        _ => (UNSUPPORTED.code, UNSUPPORTED.text),
    };
    CertificateError::Other(OtherError(Arc::new(Verdict { code, text }))).into()
}

/// OpenSSL says how far it has come with a chain that leads to nobody who is trusted.
fn untrusted(
    server: &CertificateDer<'_>,
    sent: &[CertificateDer<'_>],
    trusted: &Authorities,
) -> (&'static str, &'static str) {
    if is_own_authority(server) {
        ("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate")
    } else if trusted.between.iter().any(|by| has_issued(by, server)) {
        (
            "UNABLE_TO_GET_ISSUER_CERT",
            "unable to get issuer certificate",
        )
    } else if sent.is_empty() {
        (
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "unable to verify the first certificate",
        )
    } else if sent.iter().any(is_own_authority) {
        (
            "SELF_SIGNED_CERT_IN_CHAIN",
            "self-signed certificate in certificate chain",
        )
    } else {
        (
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "unable to get local issuer certificate",
        )
    }
}

fn is_own_authority(certificate: &CertificateDer<'_>) -> bool {
    has_issued(certificate, certificate)
}

/// Whether one certificate says that the other is its issuer.
fn has_issued(issuer: &CertificateDer<'_>, certificate: &CertificateDer<'_>) -> bool {
    match (
        EndEntityCert::try_from(issuer),
        EndEntityCert::try_from(certificate),
    ) {
        (Ok(issuer), Ok(certificate)) => issuer.subject() == certificate.issuer(),
        _ => false,
    }
}

/// A failure before both sides have agreed.
pub(super) fn while_connecting(error: &io::Error) -> Error {
    agreed_on(error).unwrap_or_else(|| Error::Connect {
        code: "ECONNRESET".into(),
        text: "Client network socket disconnected before secure TLS connection was established"
            .to_owned(),
    })
}

/// The refusal that a failure to read or write is, if it is one. With TLS 1.3 a server refuses
/// the client's certificate, or the lack of one, after the client has taken them as agreed.
pub(super) fn agreed_on(error: &io::Error) -> Option<Error> {
    let inner = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(of(inner))
}

pub(super) fn of(error: &rustls::Error) -> Error {
    let verdict = |code, text| Verdict { code, text };
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref().copied().unwrap_or(UNSUPPORTED)
        }
        rustls::Error::AlertReceived(alert) => of_alert(*alert),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            verdict("ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number")
        }
        _ => UNSUPPORTED,
    }
    .into()
}

/// What the server has against us.
fn of_alert(alert: AlertDescription) -> Verdict {
    let (code, text) = match alert {
        AlertDescription::CertificateRequired => (
            "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
            "tlsv13 alert certificate required",
        ),
        AlertDescription::UnknownCA => ("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "tlsv1 alert unknown ca"),
        AlertDescription::BadCertificate => (
            "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
            "sslv3 alert bad certificate",
        ),
        AlertDescription::CertificateExpired => (
            "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
            "sslv3 alert certificate expired",
        ),
        AlertDescription::CertificateUnknown => (
            "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
            "sslv3 alert certificate unknown",
        ),
        AlertDescription::HandshakeFailure => (
            "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
            "sslv3 alert handshake failure",
        ),
        AlertDescription::ProtocolVersion => (
            "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
            "tlsv1 alert protocol version",
        ),
        AlertDescription::UnrecognisedName => {
            ("ERR_SSL_TLSV1_UNRECOGNIZED_NAME", "tlsv1 unrecognized name")
        }
        AlertDescription::NoApplicationProtocol => (
            "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
            "tlsv1 alert no application protocol",
        ),
        AlertDescription::AccessDenied => (
            "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED",
            "tlsv1 alert access denied",
        ),
        _ => ("ERR_SSL_ALERT", "the server has refused TLS"),
    };
    Verdict { code, text }
}
