//! Whether the server is who it should be.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage};

use super::Tls;
use super::authorities::{self, Authorities, Root};
use super::refusal;
use crate::error::Error;

/// Checks certificates as Node does, as far as webpki goes.
#[derive(Debug)]
pub(super) struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    /// `None`: everybody is.
    trusted: Option<Arc<Authorities>>,
}

impl Verifier {
    pub(super) fn new(tls: &Tls, provider: &CryptoProvider) -> Result<Self, Error> {
        let trusted = if tls.reject_unauthorized {
            let found = authorities::find(&tls.authorities);
            Some(found.ok_or_else(refusal::unsupported)?)
        } else {
            None
        };
        Ok(Self {
            algorithms: provider.signature_verification_algorithms,
            trusted,
        })
    }

    fn check(
        &self,
        trusted: &Authorities,
        server: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), webpki::Error> {
        let certificate = EndEntityCert::try_from(server)?;
        let between: Vec<_> = sent.iter().chain(&trusted.between).cloned().collect();
        let (current, past): (Vec<_>, Vec<_>) = trusted
            .roots
            .iter()
            .partition(|root| self.is_current(&root.certificate, now));
        match self.chain(&certificate, &anchors(&current), &between, now) {
            // A server with a certificate of its own making, which is trusted: usually that
            // certificate is an authority's as well. It has been found to be current by then.
            Err(webpki::Error::CaUsedAsEndEntity)
                if trusted.roots.iter().any(|root| root.certificate == *server) => {}
            Err(webpki::Error::UnknownIssuer)
                if self
                    .chain(&certificate, &anchors(&past), &between, now)
                    .is_ok() =>
            {
                return Err(webpki::Error::InvalidCertValidity);
            }
            verdict => verdict?,
        }
        certificate.verify_is_valid_for_subject_name(name)
    }

    fn chain(
        &self,
        certificate: &EndEntityCert<'_>,
        roots: &[TrustAnchor<'_>],
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), webpki::Error> {
        let usage = KeyUsage::server_auth();
        certificate
            .verify_for_usage(self.algorithms.all, roots, between, now, usage, None, None)
            .map(|_| ())
    }

    /// Whether a root is valid now, which webpki does not mind but OpenSSL does. The dates are
    /// the first thing that webpki looks at in a certificate.
    fn is_current(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
        let Ok(parsed) = EndEntityCert::try_from(certificate) else {
            return true; // X.509 version 1
        };
        !matches!(
            self.chain(&parsed, &[], &[], now),
            Err(webpki::Error::CertExpired { .. }
                | webpki::Error::CertNotValidYet { .. }
                | webpki::Error::InvalidCertValidity)
        )
    }
}

fn anchors<'a>(roots: &[&'a Root]) -> Vec<TrustAnchor<'a>> {
    roots.iter().map(|root| root.anchor.clone()).collect()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(trusted) = &self.trusted {
            self.check(trusted, end_entity, intermediates, server_name, now)
                .map_err(|error| {
                    refusal::of_certificate(&error, end_entity, intermediates, trusted)
                })?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
