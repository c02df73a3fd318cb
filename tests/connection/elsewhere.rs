//! Another server has taken the place of the one that is connected: a replica that was a primary,
//! a cluster that has moved its keys.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use hitl_state_ioredis::connection::{Node, Outcome, Settings};

use super::support::{
    Client, Command, FakeServer, Reply, Server, TestHost, document, eventually, settings,
};
use super::{INCR, PING, with};

const KEY: &str = "{hitl}:key";

fn served(args: &[String]) -> Vec<u8> {
    match args[0].as_str() {
        "PING" => b"+PONG\r\n".to_vec(),
        _ => b":1\r\n".to_vec(),
    }
}

/// A client of a cluster that first asks the node on this port.
fn in_cluster(port: u16) -> Client {
    with(Settings {
        cluster_key: Some(KEY.to_owned()),
        ..settings(port)
    })
}

#[test]
fn what_a_replica_refuses_is_made_on_the_server_that_takes_its_place() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let replies = [(); 5].map(|()| client.submit(Command::write(INCR)));
    // From the second round on all five come in one piece, between whose commands nobody makes it a primary.
    eventually("all are refused, and again", || {
        server.refusals("READONLY") > 5
    });
    server.command(&["REPLICAOF", "NO", "ONE"]);
    for (place, reply) in (2..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    // Where it is now is asked anew.
    assert!(client.host.asked.load(SeqCst) > 1);
}

#[test]
fn a_replica_for_good_says_so_in_its_own_words() {
    let server = Server::start(&["--replicaof", "127.0.0.1 1"]);
    let client = with(Settings {
        max_loading_retry_time: 300,
        ..settings(server.port())
    });
    for _ in 0..2 {
        let error = client.call(Command::write(INCR)).unwrap_err();
        assert_eq!((error.code(), error.ambiguous()), ("READONLY", false));
    }
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}

#[test]
fn a_connection_that_is_meant_for_a_replica_does_not_wait_for_a_primary() {
    let server = Server::start(&["--replicaof", "127.0.0.1 1"]);
    let client = with(Settings {
        read_only: true,
        ..settings(server.port())
    });
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!(error.code(), "READONLY");
    assert_eq!(client.host.asked.load(SeqCst), 1);
}

#[test]
fn calls_behind_a_refused_write_come_after_it() {
    let writable = Arc::new(AtomicBool::new(false));
    let executed = Arc::new(Mutex::new(Vec::new()));
    let (primary, log) = (Arc::clone(&writable), Arc::clone(&executed));
    let server = FakeServer::start(move |connection, args| {
        if args[0] == "PING" {
            return Some(b"+PONG\r\n".to_vec());
        }
        // The third connection leads to the new primary.
        if connection > 2 {
            primary.store(true, SeqCst);
        }
        if args[0] == "ADD" && !primary.load(SeqCst) {
            return Some(b"-READONLY You can't write against a read only replica.\r\n".to_vec());
        }
        log.lock().unwrap().push(args[1].clone());
        Some(b":1\r\n".to_vec())
    });
    let client = Client::new(server.port());
    let replies = ["0", "1", "2", "3"].map(|item| client.submit(Command::write(&["ADD", item])));
    assert_eq!(
        replies.map(Reply::wait),
        [(); 4].map(|()| Ok(Outcome::Count(1)))
    );
    assert_eq!(*executed.lock().unwrap(), ["0", "1", "2", "3"]);
}

#[test]
fn a_node_that_does_not_own_the_key_names_the_one_that_does() {
    let owner = FakeServer::start(|_, args| Some(served(args)));
    let named = format!("-MOVED 42 127.0.0.1:{}\r\n", owner.port());
    let other = FakeServer::start(move |_, args| match args[0].as_str() {
        "EXISTS" => Some(named.clone().into_bytes()),
        _ => Some(served(args)),
    });
    let client = in_cluster(other.port());
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    assert_eq!((other.count("INCR"), owner.count("INCR")), (0, 1));
    let looked_at = owner.seen.lock().unwrap()[0].clone();
    assert_eq!(looked_at, ["EXISTS", KEY]);
}

#[test]
fn a_slot_that_has_moved_is_followed_in_order() {
    let moved = Arc::new(AtomicBool::new(false));
    let log = Arc::new(Mutex::new(Vec::new()));
    let new_log = Arc::clone(&log);
    let new = FakeServer::start(move |_, args| {
        if args[0] == "ADD" {
            new_log.lock().unwrap().push(args[1].clone());
        }
        Some(served(args))
    });
    let named = format!("-MOVED 42 127.0.0.1:{}\r\n", new.port());
    let (has_moved, old_log) = (Arc::clone(&moved), Arc::clone(&log));
    let old = FakeServer::start(move |_, args| {
        if args[0] == "ADD" {
            if has_moved.load(SeqCst) {
                return Some(named.clone().into_bytes());
            }
            old_log.lock().unwrap().push(args[1].clone());
        }
        Some(served(args))
    });
    let client = in_cluster(old.port());
    let add = |item: usize| client.submit(Command::write(&["ADD", &item.to_string()]));
    assert_eq!(add(0).wait(), Ok(Outcome::Count(1)));
    moved.store(true, SeqCst);
    for reply in (1..50).map(add).collect::<Vec<_>>() {
        assert_eq!(reply.wait(), Ok(Outcome::Count(1)));
    }
    let expected: Vec<_> = (0..50).map(|item| item.to_string()).collect();
    assert_eq!(*log.lock().unwrap(), expected);
    assert_eq!(client.host.redirects.lock().unwrap().len(), 1);
}

#[test]
fn a_node_without_a_host_is_where_the_answer_came_from() {
    let owner = FakeServer::start(|_, args| Some(served(args)));
    let named = format!("-MOVED 42 :{}\r\n", owner.port());
    let other = FakeServer::start(move |_, _| Some(named.clone().into_bytes()));
    let client = in_cluster(other.port());
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    let redirects = client.host.redirects.lock().unwrap();
    let host = "127.0.0.1".to_owned();
    let port = owner.port();
    assert_eq!(*redirects, [Node { host, port }]);
}

#[test]
fn nodes_that_contradict_each_other_count_as_a_failure() {
    let port = Arc::new(AtomicUsize::new(0));
    let itself = Arc::clone(&port);
    let server = FakeServer::start(move |_, _| {
        Some(format!("-MOVED 42 127.0.0.1:{}\r\n", itself.load(SeqCst)).into_bytes())
    });
    port.store(server.port().into(), SeqCst);
    let client = with(Settings {
        cluster_key: Some(KEY.to_owned()),
        max_retries_per_request: Some(0),
        ..settings(server.port())
    });
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!((error.code(), error.ambiguous()), ("MAX_RETRIES", false));
    assert_eq!(client.host.redirects.lock().unwrap().len(), 16);
}

#[test]
fn a_slot_on_its_way_is_waited_for_on_the_same_connection() {
    for refusal in [
        "-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
        "-ASK 42 127.0.0.1:1\r\n",
        "-ERR Script attempted to access a non local key in a cluster node\r\n",
    ] {
        let mut refusals = 4;
        let server = FakeServer::start(move |_, args| {
            if args[0] == "INCR" && refusals > 0 {
                refusals -= 1;
                return Some(refusal.into());
            }
            Some(served(args))
        });
        let client = in_cluster(server.port());
        let replies = [(); 3].map(|()| client.submit(Command::write(INCR)));
        for reply in replies {
            assert_eq!(reply.wait(), Ok(Outcome::Count(1)), "{refusal}");
        }
        assert_eq!(client.host.asked.load(SeqCst), 1, "{refusal}");
    }
}

#[test]
fn a_cluster_that_is_down_is_asked_anew_where_it_serves() {
    let mut refusals = 3;
    let server = FakeServer::start(move |_, args| {
        if args[0] == "INCR" && refusals > 0 {
            refusals -= 1;
            return Some(b"-CLUSTERDOWN The cluster is down\r\n".to_vec());
        }
        Some(served(args))
    });
    let client = in_cluster(server.port());
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    assert!(client.host.asked.load(SeqCst) > 1);
}

#[test]
fn without_a_cluster_a_redirection_is_an_answer() {
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        _ => Some(b"-MOVED 42 127.0.0.1:1\r\n".to_vec()),
    });
    let client = Client::with(TestHost::new(settings(server.port())), Vec::new());
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!(error.code(), "MOVED");
}
