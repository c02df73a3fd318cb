//! What can be formatted for a log shows no secret: no password, no key, no content of a record.

use std::collections::HashMap;
use std::fmt::Debug;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{
    Address, Identity, Outcome, Route, SentinelRoute, Settings, Step, Tls, Version,
};

use crate::support::settings;

/// Fails if one of the secrets, or the user, shows.
fn assert_discreet(shown: &dyn Debug) {
    for text in [format!("{shown:?}"), format!("{shown:#?}")] {
        assert!(!text.contains("canary"), "{text}");
    }
}

fn secret(what: &str) -> String {
    format!("{what}-canary")
}

fn tls() -> Tls {
    Tls {
        servername: Some("localhost".to_owned()),
        reject_unauthorized: true,
        authorities: secret("authorities"),
        identity: Some(Identity {
            cert: secret("cert"),
            key: secret("key"),
        }),
        versions: vec![Version::Tls13],
        protocols: Vec::new(),
    }
}

#[test]
fn settings_show_no_credentials() {
    let sentinels = SentinelRoute {
        sentinels: vec![Address::Tcp {
            host: "localhost".to_owned(),
            port: 26_379,
            family: 0,
        }],
        name: "main".to_owned(),
        role: "master".to_owned(),
        username: Some(secret("user")),
        password: Some(secret("pass")),
        tls: Some(tls()),
        command_timeout: None,
        update_sentinels: true,
        nat_map: HashMap::new(),
        preferred_replicas: Vec::new(),
        detector: None,
    };
    assert_discreet(&tls());
    assert_discreet(&sentinels);
    let settings = Settings {
        route: Route::Sentinel(Box::new(sentinels)),
        tls: Some(tls()),
        username: Some(secret("user")),
        password: Some(secret("pass")),
        connection_name: Some(secret("name")),
        ..settings(6379)
    };
    assert_discreet(&settings);
    assert_discreet(&Some(Ok::<_, Error>(settings)));
}

#[test]
fn outcomes_show_no_record() {
    let json = secret("message").into_bytes();
    assert_discreet(&Outcome::Document(json.clone()));
    let id = "r".to_owned();
    assert_discreet(&Step::Over(Ok(Outcome::Found { id, json })));
}

#[test]
fn errors_show_nothing_that_a_server_repeats() {
    for line in [
        "ERR unknown command 'GTE', with args beginning with: 'token-canary'",
        "NOPERM User user-canary has no permissions to run the 'get' command",
        "NOPERM No permissions to access the 'token-canary' key",
        "ERR value \"message-canary\" is no number",
        "WRONGPASS the user `user-canary` is unknown",
    ] {
        match redis::parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(redis::Value::ServerError(refusal)) => {
                let cause = Error::server(&refusal);
                assert_discreet(&cause);
                assert_discreet(&Error::MaxRetries {
                    limit: 1,
                    ambiguous: false,
                    cause: Some(Box::new(cause)),
                });
            }
            other => panic!("{other:?}"),
        }
    }
}
