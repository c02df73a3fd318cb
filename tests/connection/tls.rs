//! TLS: with whom we speak, and what is told of those with whom we do not.

use std::fs;
use std::sync::atomic::Ordering::SeqCst;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Identity, Settings, Tls, Version, keep_authorities};

use super::support::{Client, Command, Server, free_port, settings};
use super::{INCR, with};

/// A file of the certificates that the JavaScript tests use as well.
fn file(name: &str) -> String {
    format!(
        "{}/__test__/fixtures/tls/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

/// A server that speaks TLS on the second port.
fn server(certificate: &str) -> (Server, u16) {
    let port = free_port();
    let pair = [
        file(&format!("{certificate}.crt")),
        file(&format!("{certificate}.key")),
    ];
    let server = Server::start(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &pair[0],
        "--tls-key-file",
        &pair[1],
        "--tls-auth-clients",
        "no",
    ]);
    (server, port)
}

/// Trusts this authority, and nobody else.
fn trusting(authority: &str) -> Tls {
    keep_authorities(authority, &text(authority));
    Tls {
        servername: None,
        reject_unauthorized: true,
        authorities: authority.to_owned(),
        identity: None,
        versions: vec![Version::Tls12, Version::Tls13],
        protocols: Vec::new(),
    }
}

fn client(port: u16, tls: Tls) -> Client {
    with(Settings {
        tls: Some(tls),
        max_retries_per_request: Some(0),
        ..settings(port)
    })
}

/// Why a call has failed at last.
fn cause(client: &Client) -> Error {
    let error = client.call(Command::write(INCR)).unwrap_err();
    error.cause().expect("a cause").clone()
}

#[test]
fn calls_go_over_tls_and_none_of_it_is_carried_by_javascript() {
    let (server, port) = server("server");
    let client = client(port, trusting("ca.crt"));
    client.call(Command::write(INCR)).unwrap();
    assert_eq!(client.host.streams.load(SeqCst), 0);
    assert_eq!(server.calls_of("incr"), 1);
}

#[test]
fn a_refusal_is_told_in_the_words_of_node_once_nobody_else_can_open_the_stream() {
    for (certificate, authority, code) in [
        (
            "server",
            "stranger-ca.crt",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        ),
        ("expired", "ca.crt", "CERT_HAS_EXPIRED"),
        ("not-yet", "ca.crt", "CERT_NOT_YET_VALID"),
        ("other-name", "ca.crt", "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("self-signed", "ca.crt", "DEPTH_ZERO_SELF_SIGNED_CERT"),
        ("below-expired", "expired-ca.crt", "CERT_HAS_EXPIRED"),
        ("below-between", "between.crt", "UNABLE_TO_GET_ISSUER_CERT"),
    ] {
        let (server, port) = server(certificate);
        let client = client(port, trusting(authority));
        assert_eq!(cause(&client).code(), code, "{certificate}");
        assert_eq!(client.host.streams.load(SeqCst), 1, "{certificate}");
        assert_eq!(server.calls_of("incr"), 0, "{certificate}");
    }
}

#[test]
fn authorities_that_nobody_has_told_us_trust_nobody() {
    let (_server, port) = server("server");
    let mut tls = trusting("ca.crt");
    "never kept".clone_into(&mut tls.authorities);
    assert_eq!(cause(&client(port, tls)).code(), "ERR_TLS_UNSUPPORTED");
}

#[test]
fn neither_certificate_nor_key_is_told() {
    let settings = Settings {
        tls: Some(Tls {
            identity: Some(Identity {
                cert: text("client.crt"),
                key: text("client.key"),
            }),
            ..trusting("ca.crt")
        }),
        ..settings(1)
    };
    let told = format!("{settings:?} {:?}", settings.tls);
    assert!(!told.contains("BEGIN"), "{told}");
    // A key that cannot be read is not quoted either.
    let (_server, port) = server("server");
    let broken = Tls {
        identity: Some(Identity {
            cert: text("client.crt"),
            key: "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n".to_owned(),
        }),
        ..trusting("ca.crt")
    };
    let error = cause(&client(port, broken));
    assert!(!format!("{error} {error:?}").contains("canary"));
}
