//! Servers that sentinels name: who is asked, in which order, and who is believed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Address, Route, SentinelRoute, Settings};

use super::support::{
    Client, Command, FakeServer, Proxy, Server, document, eventually, free_port, settings,
};
use super::{PING, with};

fn place(port: u16) -> Address {
    Address::Tcp {
        host: "127.0.0.1".to_owned(),
        port,
        family: 0,
    }
}

fn route(sentinels: &[u16]) -> SentinelRoute {
    SentinelRoute {
        sentinels: sentinels.iter().map(|&port| place(port)).collect(),
        name: "name".to_owned(),
        role: "master".to_owned(),
        tls: None,
        username: None,
        password: None,
        command_timeout: None,
        update_sentinels: true,
        nat_map: HashMap::new(),
        preferred_replicas: Vec::new(),
        detector: None,
    }
}

fn through(route: SentinelRoute) -> Settings {
    Settings {
        route: Route::Sentinel(Box::new(route)),
        ..settings(0)
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn list(items: &[String]) -> String {
    format!("*{}\r\n{}", items.len(), items.concat())
}

/// What a sentinel says of another server: names and values in turn.
fn entry(port: u16, flags: &str) -> String {
    let port = port.to_string();
    list(&["ip", "127.0.0.1", "port", &port, "flags", flags].map(bulk))
}

/// A sentinel that names what `named` says, and these other sentinels.
fn sentinel(
    mut named: impl FnMut() -> u16 + Send + 'static,
    others: impl Fn() -> String + Send + 'static,
) -> FakeServer {
    FakeServer::start(move |_, args| {
        let reply = match args.get(1).map(String::as_str) {
            Some("get-master-addr-by-name") => {
                list(&[bulk("127.0.0.1"), bulk(&named().to_string())])
            }
            Some("sentinels") => others(),
            _ => "+PONG\r\n".to_owned(),
        };
        Some(reply.into_bytes())
    })
}

fn alone() -> String {
    list(&[])
}

/// A server that says that it plays this role, whatever it is asked.
fn playing(role: &'static str) -> FakeServer {
    saying(list(&[bulk(role)]), role)
}

/// A server that answers `ROLE` like this, and everything else with a word.
fn saying(role: String, word: &'static str) -> FakeServer {
    FakeServer::start(move |_, args| {
        let reply = match args[0].as_str() {
            "ROLE" => role.clone(),
            _ => format!("+{word}\r\n"),
        };
        Some(reply.into_bytes())
    })
}

#[test]
fn a_server_that_does_not_play_the_role_is_left_for_that_of_another_sentinel() {
    let (replica, primary) = (playing("slave"), playing("master"));
    let (stale, current) = (replica.port(), primary.port());
    let first = sentinel(move || stale, alone);
    let second = sentinel(move || current, alone);
    let client = with(through(route(&[first.port(), second.port()])));
    assert_eq!(client.call(Command::read(PING)), document("master"));
    // The mistake of the first sentinel was a failed connection.
    assert_eq!(client.host.attempt.load(SeqCst), 1);
    assert_eq!(client.host.rounds.load(SeqCst), 0);
    assert_eq!((replica.count("ROLE"), primary.count("ROLE")), (1, 1));
}

#[test]
fn the_wrong_role_is_the_cause_when_retries_are_used_up() {
    let replica = playing("slave");
    let port = replica.port();
    let only = sentinel(move || port, alone);
    let client = with(Settings {
        max_retries_per_request: Some(1),
        ..through(route(&[only.port()]))
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    assert_eq!(error.code(), "MAX_RETRIES");
    assert_eq!(
        error.cause().map(ToString::to_string).unwrap(),
        "The server that the sentinels name for \"name\" is a slave, not a master"
    );
}

#[test]
fn a_server_that_does_not_tell_its_role_is_believed() {
    for refusal in [
        "-NOPERM this user has no permissions\r\n",
        "-ERR unknown command 'ROLE'\r\n",
    ] {
        let server = saying(refusal.to_owned(), "PONG");
        let port = server.port();
        let only = sentinel(move || port, alone);
        let client = with(through(route(&[only.port()])));
        assert_eq!(client.call(Command::read(PING)), document("PONG"));
        assert_eq!(client.host.attempt.load(SeqCst), 0);
    }
}

#[test]
fn the_sentinel_that_was_right_is_asked_first_the_next_time() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let (port, nobody) = (proxy.port(), free_port());
    let wrong = sentinel(move || nobody, alone);
    let right = sentinel(move || port, alone);
    let client = with(through(route(&[wrong.port(), right.port()])));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    for _ in 0..3 {
        proxy.cut();
        assert_eq!(client.call(Command::read(PING)), document("PONG"));
    }
    let asked = |sentinel: &FakeServer| sentinel.count("SENTINEL");
    // Two questions each time.
    assert_eq!((asked(&wrong), asked(&right)), (2, 8));
}

#[test]
fn sentinels_that_others_name_are_asked_when_those_of_the_settings_are_gone() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let port = proxy.port();
    let hidden = sentinel(move || port, alone);
    let lost = free_port();
    let others = list(&[
        entry(lost, "sentinel,disconnected"),
        entry(hidden.port(), "sentinel"),
    ]);
    let gone = Arc::new(AtomicBool::new(false));
    let is_gone = Arc::clone(&gone);
    let known = FakeServer::start(move |_, args| {
        if is_gone.load(SeqCst) {
            return None;
        }
        let reply = match args.get(1).map(String::as_str) {
            Some("sentinels") => others.clone(),
            Some(_) => list(&[bulk("127.0.0.1"), bulk(&port.to_string())]),
            None => "+PONG\r\n".to_owned(),
        };
        Some(reply.into_bytes())
    });
    let client = with(through(route(&[known.port()])));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(hidden.count("SENTINEL"), 0);
    gone.store(true, SeqCst);
    proxy.cut();
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(hidden.count("SENTINEL"), 2);
    assert_eq!(client.host.rounds.load(SeqCst), 0);
}

#[test]
fn a_sentinel_that_keeps_the_others_to_itself_serves_all_the_same() {
    let server = Server::start(&[]);
    let port = server.port();
    let only = sentinel(move || port, || "-NOPERM no\r\n".to_owned());
    let client = with(through(route(&[only.port()])));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}

#[test]
fn sentinels_get_their_own_credentials_and_nothing_of_the_servers() {
    let server = Server::start(&["--requirepass", "data"]);
    let port = server.port();
    let only = sentinel(move || port, alone);
    let client = with(Settings {
        password: Some("data".to_owned()),
        db: 3,
        connection_name: Some("name".to_owned()),
        ..through(SentinelRoute {
            username: Some("watcher".to_owned()),
            password: Some("watching".to_owned()),
            update_sentinels: false,
            ..route(&[only.port()])
        })
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    let seen = only.seen.lock().unwrap().clone();
    let words = [
        vec!["AUTH", "watcher", "watching"],
        vec!["PING"],
        vec!["SENTINEL", "get-master-addr-by-name", "name"],
    ];
    assert_eq!(seen, words);
}

#[test]
fn rounds_in_which_no_sentinel_knows_are_counted_until_one_does() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let silent = Arc::new(AtomicU32::new(3));
    let (left, port) = (Arc::clone(&silent), proxy.port());
    let only = FakeServer::start(move |_, args| {
        let reply = match args.get(1).map(String::as_str) {
            Some("get-master-addr-by-name") => {
                let unknown = left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
                if unknown.is_ok() {
                    "*-1\r\n".to_owned()
                } else {
                    list(&[bulk("127.0.0.1"), bulk(&port.to_string())])
                }
            }
            Some("sentinels") => "-ERR No such master with that name\r\n".to_owned(),
            _ => "+PONG\r\n".to_owned(),
        };
        Some(reply.into_bytes())
    });
    let client = with(through(route(&[only.port()])));
    let rounds = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&rounds);
    client.host.retry_sentinels(move |round| {
        log.lock().unwrap().push(round);
        Some(Duration::from_millis(1))
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    silent.store(2, SeqCst);
    proxy.cut();
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(*rounds.lock().unwrap(), [1, 2, 3, 1, 2]);
}

#[test]
fn a_write_that_was_sent_before_the_sentinels_were_gone_is_ambiguous() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let gone = Arc::new(AtomicBool::new(false));
    let (is_gone, port) = (Arc::clone(&gone), proxy.port());
    let only = FakeServer::start(move |_, args| {
        let place = list(&[bulk("127.0.0.1"), bulk(&port.to_string())]);
        let reply = match args.get(1) {
            Some(word) if word == "sentinels" => alone(),
            Some(_) => place,
            None => "+PONG\r\n".to_owned(),
        };
        (!is_gone.load(SeqCst)).then(|| reply.into_bytes())
    });
    let client = with(through(route(&[only.port()])));
    client.host.retry_sentinels(|_| None);
    client.call(Command::read(PING)).unwrap();
    gone.store(true, SeqCst);
    proxy.hold_replies(true);
    let write = client.submit(Command::write(&["INCR", "n"]));
    eventually("the write has arrived", || server.calls_of("incr") == 1);
    proxy.cut();
    let error = write.wait().unwrap_err();
    assert!(
        matches!(error, Error::SentinelsUnreachable { .. }),
        "{error:?}"
    );
    assert!(error.ambiguous());
    let error = client.call(Command::write(&["INCR", "n"])).unwrap_err();
    assert!(!error.ambiguous());
}

#[test]
fn a_replica_that_is_down_is_not_picked() {
    let working = playing("slave");
    let nobody = free_port();
    let replicas = list(&[
        entry(nobody, "slave,s_down"),
        entry(working.port(), "slave"),
        entry(nobody, "s_down,slave,disconnected"),
        entry(nobody, "slave,o_down"),
    ]);
    let only = FakeServer::start(move |_, args| {
        let reply = match args.get(1).map(String::as_str) {
            Some("slaves") => replicas.clone(),
            Some("sentinels") => alone(),
            _ => "+PONG\r\n".to_owned(),
        };
        Some(reply.into_bytes())
    });
    // By chance a wrong one of four would be missed eight times in a row: 1 in 65,536.
    for _ in 0..8 {
        let client: Client = with(Settings {
            replica: true,
            ..through(SentinelRoute {
                role: "slave".to_owned(),
                ..route(&[only.port()])
            })
        });
        assert_eq!(client.call(Command::read(PING)), document("slave"));
        assert_eq!(client.host.attempt.load(SeqCst), 0);
    }
}

#[test]
fn another_primary_is_gone_to_as_soon_as_it_is_named_whatever_the_retry_strategy_says() {
    let server = Server::start(&[]);
    let (nobody, port) = (free_port(), server.port());
    let mut asked = 0;
    let named = move || {
        asked += 1;
        if asked > 3 { port } else { nobody }
    };
    let only = sentinel(named, alone);
    let client = with(through(route(&[only.port()])));
    client.host.retry(|_| Some(Duration::from_secs(3600)));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(client.host.attempt.load(SeqCst), 1);
}

#[test]
fn a_primary_that_was_of_no_use_is_tried_again_when_the_retry_strategy_says_so() {
    let nobodies = [free_port(), free_port()];
    let mut asked = 0;
    // They contradict themselves: each answer names the other one.
    let named = move || {
        asked += 1;
        nobodies[asked % 2]
    };
    let only = sentinel(named, alone);
    let client = with(through(route(&[only.port()])));
    client.host.retry(|_| Some(Duration::from_secs(3600)));
    let mut call = client.submit(Command::read(PING));
    eventually("the sentinel is asked", || only.count("SENTINEL") > 20);
    assert_eq!(call.now(), None);
    // One attempt for each of them.
    assert_eq!(client.host.attempt.load(SeqCst), 2);
}

#[test]
fn a_sentinel_that_thinks_for_long_is_asked_after_the_others() {
    let server = Server::start(&[]);
    let port = server.port();
    let absent = Server::start(&[]);
    absent.freeze();
    let present = sentinel(move || port, alone);
    let client = with(Settings {
        connect_timeout: None,
        command_timeout: Some(5_000),
        ..through(route(&[absent.port(), present.port()]))
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    absent.thaw();
}
