//! Calls of several threads at once, as `npm run sanitize` wants them too.

use std::thread;

use hitl_state_ioredis::connection::{Close, Outcome};

use super::support::{Client, Command, Reply, Server};

const THREADS: usize = 4;

/// Appends `thread` and `number` to the list of all threads.
fn push(client: &Client, thread: usize, number: usize) -> Reply {
    client.submit(Command::write(&[
        "RPUSH",
        "list",
        &format!("{thread}:{number}"),
    ]))
}

/// What a thread has appended, in the order in which the server has it.
fn pushed(server: &Server, thread: usize) -> Vec<usize> {
    let list = server.command(&["LRANGE", "list", "0", "-1"]);
    let list: Vec<String> = redis::from_redis_value(list).unwrap();
    list.iter()
        .filter_map(|item| item.strip_prefix(&format!("{thread}:"))?.parse().ok())
        .collect()
}

#[test]
fn calls_of_several_threads_take_effect_once_and_in_the_order_of_each() {
    const EACH: usize = 500;
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let client = &client;
            scope.spawn(move || {
                // Held back, let go, and now and then alone on an idle connection.
                for start in (0..EACH).step_by(10) {
                    client.link.cork(true);
                    let replies: Vec<_> = (start..start + 10)
                        .map(|number| push(client, thread, number))
                        .collect();
                    client.link.cork(false);
                    for reply in replies {
                        reply.wait().unwrap();
                    }
                }
            });
        }
    });
    for thread in 0..THREADS {
        assert!(pushed(&server, thread).into_iter().eq(0..EACH));
    }
}

#[test]
fn a_close_between_the_calls_of_other_threads_settles_each_and_loses_none_that_was_acknowledged() {
    for (how, closes_after) in [(Close::Graceful, 40), (Close::Now, 41), (Close::Now, 400)] {
        let server = Server::start(&[]);
        let client = Client::new(server.port());
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (client, server) = (&client, &server);
                scope.spawn(move || {
                    // Two at a time, so that a close finds some on their way.
                    let mut acknowledged = Vec::new();
                    for number in (0..).step_by(2) {
                        let pair = [number, number + 1].map(|number| push(client, thread, number));
                        let results = pair.map(Reply::wait);
                        for (number, result) in (number..).zip(&results) {
                            match result {
                                Ok(Outcome::Count(length)) => {
                                    acknowledged.push(number);
                                    if *length == closes_after {
                                        client.link.close(how);
                                    }
                                }
                                Err(error) => assert_eq!(error.code(), "CONNECTION_CLOSED"),
                                other => panic!("{other:?}"),
                            }
                        }
                        if results.iter().any(Result::is_err) {
                            break;
                        }
                    }
                    let pushed = pushed(server, thread);
                    assert!(acknowledged.iter().all(|number| pushed.contains(number)));
                });
            }
        });
    }
}
