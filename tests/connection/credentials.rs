//! Who the connection is for the server, and what happens when the server does not agree.

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Outcome, Settings};

use super::support::{Client, Command, Server, document, settings};
use super::{PING, with};

#[test]
fn a_wrong_password_rejects_and_a_right_one_afterwards_works() {
    let server = Server::start(&["--requirepass", "right"]);
    let password = |password: Option<&str>| Settings {
        password: password.map(str::to_owned),
        ..settings(server.port())
    };
    let client = with(password(Some("wrong-secret")));
    let error = client.call(Command::read(PING)).unwrap_err();
    let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("WRONGPASS", wrong)
    );
    assert!(!format!("{error:?}").contains("secret"));

    client.host.set(Ok(password(None)));
    let error = client.call(Command::read(PING)).unwrap_err();
    assert_eq!(error.to_string(), "NOAUTH Authentication required.");

    client.host.set(Ok(password(Some("right"))));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}

#[test]
fn a_password_that_the_server_does_not_want_is_tolerated() {
    let server = Server::start(&[]);
    let password = Some("needless".to_owned());
    let client = with(Settings {
        password,
        ..settings(server.port())
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}

#[test]
fn an_acl_user_may_lack_the_rights_that_are_only_a_courtesy() {
    let server = Server::start(&[]);
    server.command(&[
        "ACL", "SETUSER", "worker", "on", ">secret", "~*", "-@all", "+get", "+auth",
    ]);
    let client = with(Settings {
        username: Some("worker".to_owned()),
        password: Some("secret".to_owned()),
        connection_name: Some("name".to_owned()),
        ..settings(server.port())
    });
    assert_eq!(
        client.call(Command::read(&["GET", "key"])),
        Ok(Outcome::Nothing)
    );
    let error = client
        .call(Command::write(&["SET", "key", "value"]))
        .unwrap_err();
    assert_eq!(error.code(), "NOPERM");
}

#[test]
fn settings_that_cannot_be_had_reject_and_are_asked_for_again() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let unusable = Error::Settings("unusable".to_owned());
    client.host.set(Err(unusable.clone()));
    assert_eq!(client.call(Command::read(PING)), Err(unusable));
    client.host.set(Ok(settings(server.port())));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}
