//! V8 itself, as an oracle: a Node process that answers line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use serde_json::{Value, json};

/// The answers. Dates that the format covers and that mean the same instant everywhere; all else is none.
const PROGRAM: &str = include_str!("v8.js");

static V8: LazyLock<Mutex<V8>> = LazyLock::new(|| Mutex::new(V8::start()));

struct V8 {
    /// Held so that it is not left behind; it ends when its input does.
    _child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl V8 {
    fn start() -> Self {
        let mut child = Command::new("node")
            .args(["-e", PROGRAM])
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node on the PATH: it is what dates and records are compared with");
        Self {
            questions: child.stdin.take().expect("a pipe"),
            answers: BufReader::new(child.stdout.take().expect("a pipe")),
            _child: child,
        }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("V8 lives");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("V8 answers");
        serde_json::from_str(&answer).expect("V8 answers in JSON")
    }
}

fn ask(question: &Value) -> Value {
    // A test that has failed while it held the lock has left no half question behind.
    let mut v8 = V8.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    v8.ask(question)
}

/// The milliseconds since 1970 of a date in the format.
pub fn date(text: &str) -> Option<i64> {
    ask(&json!(["date", text])).as_i64()
}

/// What `JSON.parse` takes the text for: the names of an object's members with their values, written
/// by `JSON.stringify`. `None` where it is no object.
pub fn members(text: &str) -> Option<Vec<(String, String)>> {
    serde_json::from_value(ask(&json!(["members", text]))).expect("members or null")
}

/// Whether `after` means what `before` means once `changes` have been assigned to it.
pub fn is_assigned(before: &str, changes: &[(&str, &str)], after: &str) -> bool {
    ask(&json!(["assigned", before, changes, after])) == Value::Bool(true)
}

/// `JSON.stringify` of a text.
pub fn quoted(text: &str) -> String {
    serde_json::from_value(ask(&json!(["quoted", text]))).expect("a text")
}
