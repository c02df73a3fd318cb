//! Drives an operation by hand, one step at a time, so that tests stop it where they like.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{CommandWriter, Operation, Outcome, ScriptForm, Step};
use hitl_state_ioredis::migrations::{Ensure, SchemaGate};
use hitl_state_ioredis::store::keys::Keys;
use redis::{Parser, Value};

/// The prefix of every store here: any bytes may be one.
pub const PREFIX: &[u8] = b"a:\xff{*}b";

/// A connection that does what it is told.
pub struct Driver {
    stream: TcpStream,
    parser: Parser,
    /// The steps, which are the round trips, so far.
    pub steps: usize,
    /// What was written, step by step.
    pub written: Vec<Vec<u8>>,
}

/// A new run on the store under [`PREFIX`].
pub fn ensure() -> Ensure {
    SchemaGate::new(Arc::new(Keys::new(PREFIX.to_vec()))).ensure()
}

impl Driver {
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            parser: Parser::new(),
            steps: 0,
            written: Vec::new(),
        }
    }

    /// Has the server execute these commands and drops the replies.
    pub fn lose(&mut self, bytes: &[u8], commands: usize) {
        self.stream.write_all(bytes).unwrap();
        for _ in 0..commands {
            self.parser.parse_value(&mut self.stream).unwrap();
        }
    }

    /// One command, outside any operation.
    pub fn command(&mut self, args: &[&[u8]]) -> Value {
        let mut bytes = Vec::new();
        CommandWriter::new(&mut bytes, ScriptForm::Sha).command(args.iter().copied());
        self.stream.write_all(&bytes).unwrap();
        self.parser.parse_value(&mut self.stream).unwrap()
    }

    /// Sends one step and reads its replies. An error is a broken connection.
    pub fn step(&mut self, operation: &mut dyn Operation, resend: bool) -> io::Result<Step> {
        let mut replies = self.exchange(operation, ScriptForm::Sha, resend)?;
        let unknown =
            |reply: &Value| matches!(reply, Value::ServerError(e) if e.code() == "NOSCRIPT");
        if replies.iter().any(unknown) {
            replies = self.exchange(operation, ScriptForm::Source, resend)?;
        }
        self.steps += 1;
        Ok(operation.read(replies))
    }

    fn exchange(
        &mut self,
        operation: &mut dyn Operation,
        form: ScriptForm,
        resend: bool,
    ) -> io::Result<Vec<Value>> {
        let mut bytes = Vec::new();
        let mut out = CommandWriter::new(&mut bytes, form);
        operation.write(&mut out, resend);
        let commands = out.commands();
        assert_ne!(commands, 0, "a step without a command");
        self.stream.write_all(&bytes)?;
        self.written.push(bytes);
        let replies = (0..commands).map(|_| self.parser.parse_value(&mut self.stream));
        replies
            .collect::<Result<_, _>>()
            .map_err(|error| io::Error::other(error.to_string()))
    }

    /// Goes on to the end.
    pub fn finish(&mut self, operation: &mut dyn Operation) -> Result<Outcome, Error> {
        loop {
            match self.step(operation, false).expect("a connection") {
                Step::Over(result) => return result,
                Step::Hold => {}
                Step::Continue => panic!("a migration lets calls pass"),
            }
        }
    }

    /// Goes on for so many steps; the result if that was enough.
    pub fn advance(
        &mut self,
        operation: &mut dyn Operation,
        steps: usize,
    ) -> Option<Result<Outcome, Error>> {
        for _ in 0..steps {
            if let Step::Over(result) = self.step(operation, false).expect("a connection") {
                return Some(result);
            }
        }
        None
    }
}

/// A whole run, which must succeed; how many round trips it took.
pub fn migrate(port: u16) -> usize {
    let mut driver = Driver::connect(port);
    let result = driver.finish(&mut ensure());
    assert_eq!(result, Ok(Outcome::Done));
    driver.steps
}
