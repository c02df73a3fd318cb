//! How a connection is opened, in which order it carries calls, and how it is closed.

mod support;

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Address, Close, Outcome, Settings};
use support::{
    Client, Command, FakeServer, Proxy, Server, TestHost, document, eventually, settings,
};

const PING: &[&str] = &["PING"];

fn with(settings: Settings) -> Client {
    Client::with(TestHost::new(settings), Vec::new())
}

#[test]
fn nothing_is_opened_before_the_first_call() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = Client::new(proxy.port());
    assert_eq!(client.host.asked.load(SeqCst), 0);
    assert_eq!(proxy.connections(), 0);
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(
        (client.host.asked.load(SeqCst), proxy.connections()),
        (1, 1)
    );
}

#[test]
fn a_call_is_one_round_trip_and_so_is_a_batch() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = Client::new(proxy.port());
    client.call(Command::read(PING)).unwrap();
    let before = proxy.round_trips();
    client.call(Command::read(PING)).unwrap();
    assert_eq!(proxy.round_trips(), before + 1);
}

#[test]
fn ten_thousand_calls_take_effect_in_the_order_in_which_they_were_made() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let replies: Vec<_> = (0..10_000)
        .map(|number| client.submit(Command::write(&["RPUSH", "list", &number.to_string()])))
        .collect();
    for (place, reply) in (1..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    let list = server.command(&["LRANGE", "list", "0", "-1"]);
    let list: Vec<u32> = redis::from_redis_value(list).unwrap();
    assert!(list.into_iter().eq(0..10_000));
}

#[test]
fn a_large_value_goes_both_ways_between_small_ones() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let large = "0123456789".repeat(1_000_000);
    let set = client.submit(Command::write(&["SET", "large", &large]));
    let get = client.submit(Command::read(&["GET", "large"]));
    let small = client.submit(Command::read(PING));
    assert_eq!(set.wait(), Ok(Outcome::Done));
    assert!(
        get.wait() == document(&large),
        "the value came back changed"
    );
    assert_eq!(small.wait(), document("PONG"));
}

#[test]
fn a_unix_socket_serves_as_well() {
    let server = Server::start(&[]);
    let address = Address::Unix {
        path: server.socket(),
    };
    let client = with(Settings {
        address,
        ..settings(0)
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}

#[test]
fn a_missing_unix_socket_is_named_as_the_cause() {
    let address = Address::Unix {
        path: "/nowhere/redis.sock".to_owned(),
    };
    let client = with(Settings {
        address,
        max_retries_per_request: Some(0),
        ..settings(0)
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    let cause = error.cause().expect("a cause");
    assert_eq!(cause.to_string(), "connect ENOENT /nowhere/redis.sock");
}

#[test]
fn the_database_the_name_and_the_library_are_those_of_the_settings() {
    let server = Server::start(&[]);
    let client = with(Settings {
        db: 3,
        connection_name: Some("orders:hitl".to_owned()),
        library_name: Some("ioredis".to_owned()),
        library_version: Some("5.11.1".to_owned()),
        ..settings(server.port())
    });
    client
        .call(Command::write(&["SET", "key", "value"]))
        .unwrap();
    let keyspace: String = redis::from_redis_value(server.command(&["INFO", "keyspace"])).unwrap();
    assert!(
        keyspace.contains("db3:keys=1") && !keyspace.contains("db0"),
        "{keyspace}"
    );
    let name = client.call(Command::read(&["CLIENT", "GETNAME"]));
    assert_eq!(name, document("orders:hitl"));
}

#[test]
fn a_database_that_does_not_exist_rejects_in_the_servers_words() {
    let server = Server::start(&[]);
    let client = with(Settings {
        db: 99,
        ..settings(server.port())
    });
    let error = client
        .call(Command::write(&["SET", "key", "value"]))
        .unwrap_err();
    assert_eq!(error.to_string(), "ERR DB index is out of range");
    assert_eq!(server.command(&["DBSIZE"]), redis::Value::Int(0));
}

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

#[test]
fn a_server_that_loads_or_has_lost_its_primary_is_waited_for_on_the_same_connection() {
    for refusal in [
        "-LOADING Redis is loading\r\n",
        "-MASTERDOWN Link is down\r\n",
    ] {
        let mut pings = 0;
        let server = FakeServer::start(move |_, args| match args[0].as_str() {
            "PING" => {
                pings += 1;
                let reply = if pings <= 3 { refusal } else { "+PONG\r\n" };
                Some(reply.into())
            }
            _ => Some(b":1\r\n".to_vec()),
        });
        let client = Client::new(server.port());
        assert_eq!(
            client.call(Command::write(&["INCR", "key"])),
            Ok(Outcome::Count(1))
        );
        assert_eq!((server.count("PING"), server.count("INCR")), (4, 1));
        assert_eq!(client.host.asked.load(SeqCst), 1);
    }
}

#[test]
fn a_server_that_accepts_and_keeps_silent_is_given_up() {
    let server = FakeServer::start(|_, _| Some(Vec::new()));
    let client = with(Settings {
        connect_timeout: Some(30),
        max_retries_per_request: Some(1),
        ..settings(server.port())
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    assert_eq!((error.code(), error.ambiguous()), ("MAX_RETRIES", false));
    assert_eq!(error.cause().unwrap().to_string(), "connect ETIMEDOUT");
}

#[test]
fn a_server_that_is_full_is_tried_again() {
    let server = FakeServer::start(|connection, _| match connection {
        1 => Some(b"-ERR max number of clients reached\r\n".to_vec()),
        _ => Some(b"+PONG\r\n".to_vec()),
    });
    let client = Client::new(server.port());
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(client.host.attempt.load(SeqCst), 1);
}

#[test]
fn a_host_name_that_does_not_resolve_is_named_as_the_cause() {
    let address = Address::Tcp {
        host: "redis.invalid".to_owned(),
        port: 6379,
        family: 4,
    };
    let client = with(Settings {
        address,
        max_retries_per_request: Some(0),
        ..settings(0)
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    let cause = error.cause().expect("a cause").to_string();
    let texts = [
        "getaddrinfo ENOTFOUND redis.invalid",
        "getaddrinfo EAI_AGAIN redis.invalid",
    ];
    assert!(texts.contains(&cause.as_str()), "{cause}");
}

#[test]
fn the_family_of_the_settings_decides_between_the_addresses_of_a_name() {
    let server = Server::start(&[]);
    let address = |family| Address::Tcp {
        host: "localhost".to_owned(),
        port: server.port(),
        family,
    };
    let client = with(Settings {
        address: address(4),
        ..settings(0)
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    let client = with(Settings {
        address: address(6),
        max_retries_per_request: Some(0),
        ..settings(0)
    });
    assert_eq!(
        client.call(Command::read(PING)).unwrap_err().code(),
        "MAX_RETRIES"
    );
}

#[test]
fn a_graceful_close_lets_earlier_calls_finish_and_refuses_later_ones() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    let earlier: Vec<_> = (0..100)
        .map(|_| client.submit(Command::write(&["INCR", "n"])))
        .collect();
    client.link.close(Close::Graceful);
    let later = client.submit(Command::write(&["INCR", "n"]));
    assert_eq!(
        later.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    for (place, reply) in (1..).zip(earlier) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    client.join();
}

#[test]
fn a_close_without_any_call_ends_the_task() {
    for how in [Close::Graceful, Close::Now] {
        let mut client = Client::new(1);
        client.link.close(how);
        client.join();
        assert_eq!(client.host.asked.load(SeqCst), 0);
    }
}

#[test]
fn an_immediate_close_rejects_at_once_and_says_what_may_have_happened() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    client.call(Command::read(PING)).unwrap();
    server.freeze();
    let (write, read) = (Command::write(&["INCR", "n"]), Command::read(PING));
    let sendings = write.sendings.clone();
    let (write, read) = (client.submit(write), client.submit(read));
    eventually("the call is sent", || !sendings.lock().unwrap().is_empty());
    client.link.close(Close::Graceful);
    client.link.close(Close::Now);
    assert_eq!(
        write.wait(),
        Err(Error::ConnectionClosed { ambiguous: true })
    );
    assert_eq!(
        read.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    client.join();
    server.thaw();
}

#[test]
fn an_immediate_close_ends_an_attempt_to_connect_and_a_wait_for_the_next() {
    let silent = FakeServer::start(|_, _| Some(Vec::new()));
    let mut client = Client::new(silent.port());
    let reply = client.submit(Command::write(&["INCR", "n"]));
    eventually("the handshake has begun", || silent.count("PING") == 1);
    client.link.close(Close::Now);
    assert_eq!(
        reply.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    client.join();

    let mut client = Client::new(support::free_port());
    client.host.retry(|_| Some(Duration::from_secs(3600)));
    let reply = client.submit(Command::write(&["INCR", "n"]));
    eventually("the first attempt has failed", || {
        client.host.attempt.load(SeqCst) == 1
    });
    client.link.close(Close::Now);
    assert_eq!(
        reply.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    client.join();
}

#[test]
fn dropping_every_link_closes_gracefully() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    let reply = client.submit(Command::write(&["INCR", "n"]));
    let (unused, _task) = hitl_state_ioredis::connection::Link::new(client.host.clone(), vec![]);
    drop(std::mem::replace(&mut client.link, unused));
    assert_eq!(reply.wait(), Ok(Outcome::Count(1)));
    client.join();
}

#[test]
fn a_task_that_is_dropped_settles_every_call() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    client.call(Command::read(PING)).unwrap();
    server.freeze();
    let replies: Vec<_> = (0..10)
        .map(|_| client.submit(Command::write(&["INCR", "n"])))
        .collect();
    client.abort();
    for reply in replies {
        assert!(matches!(reply.wait(), Err(Error::ConnectionClosed { .. })));
    }
    client.join();
    let later = client.submit(Command::read(PING));
    assert_eq!(
        later.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    server.thaw();
}

#[test]
fn a_task_that_panics_settles_every_call() {
    let mut client = Client::new(support::free_port());
    client.host.retry(|_| panic!("a defect of the host"));
    let replies = [(); 3].map(|()| client.submit(Command::write(&["INCR", "n"])));
    for reply in replies {
        // One that is made after the end finds the link closed.
        let error = reply.wait().unwrap_err();
        assert!(
            ["INTERNAL", "CONNECTION_CLOSED"].contains(&error.code()),
            "{error}"
        );
    }
    client.join();
    let later = client.submit(Command::read(PING));
    assert_eq!(
        later.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
}
