//! The scripts of the migrations: what each of them answers and changes, and that it says what the server has refused.

mod ledger;
mod namespace_indexes;
mod sorted_indexes;

use std::sync::LazyLock;

use hitl_state_ioredis::connection::Script;

use crate::store::{Call, Store, is_plain_refusal};

/// A call, and the store that it meets, a line for each key: `ledger set 001 002`, `all zset a 1 b 2`, `new list x`,
/// `record string x`. Keys have no prefix here.
#[derive(Clone, Copy)]
struct Case {
    script: &'static LazyLock<Script>,
    keys: &'static [&'static str],
    args: &'static [&'static str],
    before: &'static [&'static str],
}

impl Case {
    fn call(&self) -> Call {
        let keys = self.keys.iter().map(|key| key.as_bytes().to_vec());
        let args: Vec<&[u8]> = self.args.iter().map(|arg| arg.as_bytes()).collect();
        Call::new(self.script, keys.collect(), &args)
    }

    /// Asserts what it answers, and what is stored afterwards.
    fn gives(&self, store: &mut Store, answer: &str, after: &[&str]) {
        fill(store, self.before);
        assert_eq!(self.call().answer(&mut store.db), answer);
        assert_eq!(stored(store), sorted(after), "{answer}");
    }

    /// Asserts what it answers, and that it changes nothing.
    fn changes_nothing(&self, store: &mut Store, answer: &str) {
        self.gives(store, answer, self.before);
    }

    /// Asserts that the server's refusal of this command is the answer, and what is stored then.
    fn is_refused_without(&self, store: &mut Store, command: &str, after: &[&str]) {
        fill(store, self.before);
        let rules = ["~*".to_owned(), format!("-{command}")];
        let mut user = store.user(&rules).expect("a user without a command");
        let refused = self.call().run(&mut user).expect_err(command);
        assert!(is_plain_refusal(&refused), "without {command}: {refused}");
        assert_eq!(stored(store), sorted(after), "without {command}");
    }

    /// Asserts that the server's refusal is the answer where this key is a list, and what else is stored then.
    fn is_refused_for(&self, store: &mut Store, key: &str, after: &[&str]) {
        let list = format!("{key} list x");
        let mut before = self.before.to_vec();
        before.retain(|line| line.split(' ').next() != Some(key));
        fill(store, &[&before, &[list.as_str()][..]].concat());
        let refused = self.call().run(&mut store.db).expect_err(key);
        assert!(is_plain_refusal(&refused), "{key}: {refused}");
        let after = [after, &[&list]].concat();
        assert_eq!(stored(store), sorted(&after), "{key}");
    }
}

fn sorted(lines: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    lines.sort();
    lines
}

fn fill(store: &mut Store, lines: &[&str]) {
    store.clear();
    for line in lines {
        let mut words = line.split(' ');
        let (key, kind) = (words.next().unwrap(), words.next().unwrap());
        let mut words: Vec<&str> = words.collect();
        let command = match kind {
            "set" => "SADD",
            "zset" => "ZADD",
            "list" => "RPUSH",
            _ => "SET",
        };
        if kind == "zset" {
            // Scores come first there.
            words.reverse();
        }
        let () = redis::cmd(command)
            .arg(key)
            .arg(words)
            .query(&mut store.db)
            .unwrap();
    }
}

fn stored(store: &mut Store) -> Vec<String> {
    let lines = store.everything().into_iter().map(|(key, value)| {
        let value = value.strip_suffix(" false").expect("a key that stays");
        let key = String::from_utf8_lossy(&key);
        format!("{key} {}", value.replace(['[', ']'], ""))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}
