//! A store on a server of its own, and scripts as the server sees them.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use hitl_state_ioredis::connection::Script;
use hitl_state_ioredis::store::keys::Keys;
use redis::{Commands, Connection, ConnectionLike, ErrorKind, RedisResult, Value};

use crate::support::Server;

/// What the calls of scripts here are about.
pub const ID: &str = "a";
/// The score of every entry of it.
pub const SCORE: i64 = 1_577_836_800_000;
pub const CREATED: &str = "2020-01-01T00:00:00.000Z";

pub struct Store {
    pub server: Server,
    pub db: Connection,
    pub keys: Keys,
}

/// A call of a script.
pub struct Call {
    pub script: &'static Script,
    pub keys: Vec<Vec<u8>>,
    pub args: Vec<Vec<u8>>,
}

impl Call {
    pub fn new(script: &'static Script, keys: Vec<Vec<u8>>, args: &[&[u8]]) -> Self {
        let args = args.iter().map(|arg| arg.to_vec()).collect();
        Self { script, keys, args }
    }

    /// Runs it with the text, as the first use on a connection does. A refusal is the whole answer: clients
    /// would find one inside a list, too, and so hide a script that has gone on after it.
    pub fn run(&self, db: &mut Connection) -> RedisResult<Value> {
        let mut command = redis::cmd("EVAL");
        command.arg(self.script.source).arg(self.keys.len());
        let reply = db.req_command(command.arg(&self.keys).arg(&self.args))?;
        if let Value::Array(values) = &reply {
            let is_refusal = |value: &Value| matches!(value, Value::ServerError(_));
            assert!(!values.iter().any(is_refusal), "{reply:?}");
        }
        reply.extract_error()
    }

    /// What it answers, in words: numbers, texts, and lists of them.
    pub fn answer(&self, db: &mut Connection) -> String {
        match self.run(db) {
            Ok(value) => words(&value),
            Err(error) => panic!("{error}"),
        }
    }
}

pub fn words(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(words).collect();
            format!("[{}]", values.join(" "))
        }
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    }
}

impl Store {
    pub fn start() -> Self {
        let server = Server::start(&["--appendonly", "no"]);
        let db = server.connection().unwrap();
        // A script that never ends fails its test.
        db.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let keys = Keys::new(b"p".to_vec());
        Self { server, db, keys }
    }

    pub fn clear(&mut self) {
        let () = redis::cmd("FLUSHALL").query(&mut self.db).unwrap();
    }

    pub fn set(&mut self, key: &[u8], value: impl AsRef<[u8]>) {
        let () = self.db.set(key, value.as_ref()).unwrap();
    }

    pub fn get(&mut self, key: &[u8]) -> Option<String> {
        self.db.get(key).unwrap()
    }

    pub fn add(&mut self, index: &[u8], member: &str) {
        let () = self.db.zadd(index, member, SCORE).unwrap();
    }

    fn is_about_to_go(&mut self, key: &[u8]) -> bool {
        let left: i64 = self.db.pttl(key).unwrap();
        // -2: it has just gone.
        left == -2 || (0..100).contains(&left)
    }

    /// Everything that is stored, once nothing is about to expire that a script has let go. A blank text is
    /// as good as none, everywhere.
    pub fn everything(&mut self) -> BTreeMap<Vec<u8>, String> {
        let mut names: Vec<Vec<u8>> = self.db.keys("*").unwrap();
        while names.iter().any(|name| self.is_about_to_go(name)) {
            sleep(Duration::from_millis(1));
            names = self.db.keys("*").unwrap();
        }
        names
            .into_iter()
            .map(|name| {
                let kind: String = redis::cmd("TYPE").arg(&name).query(&mut self.db).unwrap();
                let value: Value = match kind.as_str() {
                    "zset" => self.db.zrange_withscores(&name, 0, -1).unwrap(),
                    "string" => self.db.get(&name).unwrap(),
                    "set" | "list" => {
                        let mut command = redis::cmd("SORT");
                        command.arg(&name).arg("ALPHA");
                        command.query(&mut self.db).unwrap()
                    }
                    _ => Value::Nil,
                };
                let ttl: i64 = self.db.ttl(&name).unwrap();
                (name, format!("{kind} {} {}", words(&value), ttl > 0))
            })
            .filter(|(_, value)| !value.starts_with("string  "))
            .collect()
    }

    /// A connection of a user with these rules besides the right to everything. `None` where the server
    /// is too old to know one of them.
    pub fn user(&mut self, rules: &[String]) -> Option<Connection> {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("some").arg("reset");
        command.arg("on").arg("nopass").arg("+@all").arg(rules);
        let made: RedisResult<()> = command.query(&mut self.db);
        made.ok()?;
        let url = format!("redis://some:any@127.0.0.1:{}/", self.server.port());
        Some(redis::Client::open(url).unwrap().get_connection().unwrap())
    }
}

/// Whether an error is the server's own, about a key or a permission, and not one of a script that broke.
pub fn is_plain_refusal(error: &redis::RedisError) -> bool {
    let text = error.to_string();
    let known = [
        "WRONGTYPE",
        "NOPERM",
        "permission",
        "executing the script can't",
    ]
    .iter()
    .any(|word| text.contains(word));
    error.kind() != ErrorKind::Io
        && known
        && !text.contains("script:")
        && !text.contains("user_script")
}
