//! A server that says what a test makes it say, down to the byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A command as it arrived.
pub type Args = Vec<String>;

type Answer = dyn FnMut(usize, &Args) -> Option<Vec<u8>> + Send;

/// Answers each command with whatever bytes the test's function returns, given the number of
/// the connection, from 1. `None` closes that connection.
pub struct FakeServer {
    port: u16,
    pub seen: Arc<Mutex<Vec<Args>>>,
}

impl FakeServer {
    pub fn start(answer: impl FnMut(usize, &Args) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let answer: Arc<Mutex<Box<Answer>>> = Arc::new(Mutex::new(Box::new(answer)));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                thread::spawn(move || {
                    let mut stream = stream.expect("a connection");
                    let mut input = BufReader::new(stream.try_clone().unwrap());
                    while let Some(args) = command(&mut input) {
                        log.lock().unwrap().push(args.clone());
                        let Some(reply) = (answer.lock().unwrap())(number + 1, &args) else {
                            break;
                        };
                        if stream.write_all(&reply).is_err() {
                            break;
                        }
                    }
                    drop(stream.shutdown(std::net::Shutdown::Both));
                });
            }
        });
        Self { port, seen }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How often a command of this name has arrived.
    pub fn count(&self, name: &str) -> usize {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|args| args[0] == name)
            .count()
    }
}

fn command(input: &mut BufReader<TcpStream>) -> Option<Args> {
    let count = header(input)?;
    (0..count)
        .map(|_| {
            let mut bytes = vec![0; header(input)? + 2];
            input.read_exact(&mut bytes).ok()?;
            bytes.truncate(bytes.len() - 2);
            String::from_utf8(bytes).ok()
        })
        .collect()
}

fn header(input: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    line.get(1..)?.trim_end().parse().ok()
}
