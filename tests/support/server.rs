//! A private `redis-server` for one test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs, net, process};

use redis::{ConnectionLike, RedisResult, Value};

/// A server of our own, with an empty data directory. Killed when dropped.
pub struct Server {
    port: u16,
    dir: PathBuf,
    args: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Starts a server with these extra arguments and waits until it answers.
    pub fn start(args: &[&str]) -> Self {
        static DIRECTORIES: AtomicU32 = AtomicU32::new(0);
        let number = DIRECTORIES.fetch_add(1, Ordering::Relaxed);
        let dir = env::temp_dir().join(format!("hitl-redis-{}-{number}", process::id()));
        fs::create_dir_all(&dir).expect("a data directory");
        let server = Self {
            port: free_port(),
            dir,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            process: Mutex::new(None),
        };
        server.restart();
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of the Unix socket on which it listens too.
    pub fn socket(&self) -> String {
        self.dir.join("redis.sock").display().to_string()
    }

    /// Its data directory.
    pub fn dir(&self) -> &PathBuf {
        &self.dir
    }

    /// Runs a command on a connection of its own; an error reply is a panic.
    pub fn command(&self, args: &[&str]) -> Value {
        self.try_command(args)
            .unwrap_or_else(|error| panic!("{args:?}: {error}"))
    }

    /// Runs a command on a connection of its own.
    pub fn try_command(&self, args: &[&str]) -> RedisResult<Value> {
        let mut command = redis::Cmd::new();
        command.arg(args);
        self.connection()?.req_command(&command)
    }

    /// A blocking connection, authenticated where the server was started with `--requirepass`.
    pub fn connection(&self) -> RedisResult<redis::Connection> {
        let password = self
            .args
            .iter()
            .skip_while(|&arg| arg != "--requirepass")
            .nth(1);
        let credentials = password
            .map(|password| format!(":{password}@"))
            .unwrap_or_default();
        redis::Client::open(format!("redis://{credentials}127.0.0.1:{}/", self.port))?
            .get_connection()
    }

    /// How often it has executed a command of this name.
    pub fn calls_of(&self, command: &str) -> u32 {
        self.statistic(
            "commandstats",
            &format!("cmdstat_{}:calls=", command.to_lowercase()),
        )
    }

    /// How often it has answered with an error of this code.
    pub fn refusals(&self, code: &str) -> u32 {
        self.statistic("errorstats", &format!("errorstat_{code}:count="))
    }

    fn statistic(&self, section: &str, start: &str) -> u32 {
        let info = redis::from_redis_value::<String>(self.command(&["INFO", section])).unwrap();
        let number = info
            .lines()
            .find_map(|line| line.strip_prefix(start)?.split(',').next());
        number.map_or(0, |number| number.parse().expect("a number"))
    }

    /// Kills it as a crash would.
    pub fn kill9(&self) {
        if let Some(mut child) = self.process.lock().unwrap().take() {
            child.kill().expect("to kill the server");
            child.wait().expect("to bury the server");
        }
    }

    /// Starts it again on the same port and data, and waits until it answers.
    pub fn restart(&self) {
        self.launch();
        let patience = Instant::now() + Duration::from_secs(20);
        while let Err(error) = self.try_command(&["PING"]) {
            let exited = self
                .process
                .lock()
                .unwrap()
                .as_mut()
                .and_then(|c| c.try_wait().unwrap());
            assert!(
                exited.is_none(),
                "the server did not start: see {}/log",
                self.dir.display()
            );
            assert!(
                Instant::now() < patience,
                "the server does not answer: {error}"
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// Starts it again without waiting for it.
    pub fn launch(&self) {
        self.kill9();
        let child = Command::new(env::var("HITL_REDIS_SERVER").unwrap_or("redis-server".into()))
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--unixsocket", &self.socket(), "--logfile", "log"])
            .arg("--dir")
            .arg(&self.dir)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server in PATH, or its path in HITL_REDIS_SERVER");
        *self.process.lock().unwrap() = Some(child);
    }

    /// Stops it in its tracks: connections stay open and nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.lock().unwrap();
        let pid = process.as_ref().expect("a running server").id().to_string();
        let status = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("kill");
        assert!(status.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// A port outside the range from which the system takes ports for outgoing connections, so that
/// it is still free after a restart.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(process::id() % 1000 * 12).expect("below 12,000");
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until `condition` holds; a panic after ten seconds.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < patience, "waited in vain: {what}");
        sleep(Duration::from_millis(1));
    }
}
