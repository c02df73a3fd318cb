//! Whom to trust: certificates of authorities, parsed once for all connections of the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{EndEntityCert, anchor_from_trusted_cert};

/// How many lists are kept. There is one for all who trust whom Node trusts, and one for each
/// `ca` in use; who rotates theirs must not fill the memory.
const KEPT: usize = 32;

/// By name, the latest last.
static ALL: Mutex<Vec<(String, Arc<Authorities>)>> = Mutex::new(Vec::new());

/// The certificates that a client trusts.
#[derive(Debug, Default)]
pub(super) struct Authorities {
    /// Those that are their own authority: only with them a chain may end. OpenSSL says so.
    pub(super) roots: Vec<Root>,
    /// The others: a chain may lead over them.
    pub(super) between: Vec<CertificateDer<'static>>,
}

#[derive(Debug)]
pub(super) struct Root {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) anchor: TrustAnchor<'static>,
}

/// Keeps the certificates in `pem` under a name that tells them from all others: a digest.
pub fn keep_authorities(name: &str, pem: &str) {
    let authorities = Arc::new(Authorities::read(pem));
    let mut all = all();
    all.retain(|(kept, _)| kept != name);
    if all.len() == KEPT {
        all.remove(0);
    }
    all.push((name.to_owned(), authorities));
}

/// Whether certificates are kept under this name.
#[must_use]
pub fn keeps_authorities(name: &str) -> bool {
    find(name).is_some()
}

pub(super) fn find(name: &str) -> Option<Arc<Authorities>> {
    let all = all();
    let found = all.iter().find(|(kept, _)| kept == name);
    found.map(|(_, authorities)| Arc::clone(authorities))
}

fn all() -> MutexGuard<'static, Vec<(String, Arc<Authorities>)>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Authorities {
    /// What cannot be read is not trusted, as in Node.
    fn read(pem: &str) -> Self {
        let mut authorities = Self::default();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()).flatten() {
            let Ok(anchor) = anchor_from_trusted_cert(&certificate) else {
                continue;
            };
            let anchor = anchor.to_owned();
            if is_own_authority(&certificate) {
                let root = Root {
                    certificate,
                    anchor,
                };
                authorities.roots.push(root);
            } else {
                authorities.between.push(certificate);
            }
        }
        authorities
    }
}

/// A certificate of X.509 version 1 does not parse here; those that are trusted are roots of old.
fn is_own_authority(certificate: &CertificateDer<'_>) -> bool {
    EndEntityCert::try_from(certificate).map_or(true, |parsed| parsed.issuer() == parsed.subject())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_rotates_authorities_does_not_fill_the_memory() {
        let name = |number: usize| format!("rotated {number}");
        for number in 0..=KEPT {
            keep_authorities(&name(number), "");
        }
        assert!(keeps_authorities(&name(KEPT)));
        assert!(!keeps_authorities(&name(0)));
    }
}
