//! A TCP proxy that counts what passes, and cuts the line at a chosen byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// No cut is planned.
const NEVER: i64 = i64::MAX;

/// A line to a server that tests can watch and break.
pub struct Proxy {
    port: u16,
    line: Arc<Line>,
}

struct Line {
    target: u16,
    /// Bytes that still pass before the line is cut.
    up_left: AtomicI64,
    down_left: AtomicI64,
    up: AtomicU64,
    down: AtomicU64,
    connections: AtomicU64,
    /// How often the client spoke after the server, or first: round trips.
    turns: AtomicU64,
    client_spoke_last: AtomicBool,
    refusing: AtomicBool,
    holding: AtomicBool,
    /// Connections up to this number are swallowed: nothing passes, and nobody hangs up.
    swallowed: AtomicU64,
    hung_up: AtomicU64,
    open: Mutex<Vec<(TcpStream, TcpStream)>>,
}

impl Proxy {
    /// A proxy in front of the server at `127.0.0.1:target`.
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the proxy");
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line {
            target,
            up_left: AtomicI64::new(NEVER),
            down_left: AtomicI64::new(NEVER),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            client_spoke_last: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            holding: AtomicBool::new(false),
            swallowed: AtomicU64::new(0),
            hung_up: AtomicU64::new(0),
            open: Mutex::new(Vec::new()),
        });
        let accepting = Arc::clone(&line);
        // Ends with the test process: a listener that nobody dials any more costs nothing.
        thread::spawn(move || {
            for client in listener.incoming() {
                accepting.accept(&client.expect("a connection"));
            }
        });
        Self { port, line }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections have been made through it.
    pub fn connections(&self) -> u64 {
        self.line.connections.load(SeqCst)
    }

    /// Bytes from the client that have been passed on.
    pub fn bytes_up(&self) -> u64 {
        self.line.up.load(SeqCst)
    }

    /// Bytes from the server that have been passed on.
    pub fn bytes_down(&self) -> u64 {
        self.line.down.load(SeqCst)
    }

    /// How often the client has spoken anew after the server: its round trips.
    pub fn round_trips(&self) -> u64 {
        self.line.turns.load(SeqCst)
    }

    /// Cuts the line, once, when `bytes` more have passed from the client to the server.
    pub fn cut_up_after(&self, bytes: u64) {
        self.line
            .up_left
            .store(i64::try_from(bytes).unwrap(), SeqCst);
    }

    /// Cuts the line, once, when `bytes` more have passed from the server to the client.
    pub fn cut_down_after(&self, bytes: u64) {
        self.line
            .down_left
            .store(i64::try_from(bytes).unwrap(), SeqCst);
    }

    /// Cuts every open connection now.
    pub fn cut(&self) {
        for (client, server) in self.line.open.lock().unwrap().drain(..) {
            hang_up(&client, &server);
        }
    }

    /// Whether new connections are closed as soon as they are accepted.
    pub fn refuse(&self, refuse: bool) {
        self.line.refusing.store(refuse, SeqCst);
    }

    /// From now on nothing passes through the connections that are open, in silence.
    pub fn swallow(&self) {
        self.line.swallowed.store(self.connections(), SeqCst);
    }

    /// How often the client has hung up.
    pub fn hung_up(&self) -> u64 {
        self.line.hung_up.load(SeqCst)
    }

    /// Whether what the server says is held back; it is passed on when this ends.
    pub fn hold_replies(&self, hold: bool) {
        self.line.holding.store(hold, SeqCst);
    }
}

impl Line {
    fn accept(self: &Arc<Self>, client: &TcpStream) {
        if self.refusing.load(SeqCst) {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target)) else {
            return;
        };
        let number = 1 + self.connections.fetch_add(1, SeqCst);
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let clones = || (client.try_clone().unwrap(), server.try_clone().unwrap());
        self.open.lock().unwrap().push(clones());
        let ((client_in, server_out), (client_out, server_in)) = (clones(), clones());
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || up.pump(number, true, client_in, server_out));
        thread::spawn(move || down.pump(number, false, server_in, client_out));
    }

    fn pump(&self, number: u64, upwards: bool, mut from: TcpStream, mut to: TcpStream) {
        let (left, passed) = if upwards {
            (&self.up_left, &self.up)
        } else {
            (&self.down_left, &self.down)
        };
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            while !upwards && self.holding.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            if !self.client_spoke_last.swap(upwards, SeqCst) && upwards {
                self.turns.fetch_add(1, SeqCst);
            }
            if number <= self.swallowed.load(SeqCst) {
                continue;
            }
            let allowed = left.load(SeqCst);
            let pass = read.min(usize::try_from(allowed).unwrap());
            passed.fetch_add(pass as u64, SeqCst);
            if to.write_all(&chunk[..pass]).is_err() {
                break;
            }
            if allowed != NEVER {
                let rest = allowed - i64::try_from(pass).unwrap();
                left.store(if rest == 0 { NEVER } else { rest }, SeqCst);
                if rest == 0 {
                    break;
                }
            }
        }
        self.hung_up.fetch_add(u64::from(upwards), SeqCst);
        hang_up(&from, &to);
    }
}

/// Ends both halves of a connection; one that is over already has nothing to end.
fn hang_up(one: &TcpStream, other: &TcpStream) {
    drop(one.shutdown(Shutdown::Both));
    drop(other.shutdown(Shutdown::Both));
}
