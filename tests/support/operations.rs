//! Operations as the connection sees them: commands, steps, and what the connection told them.

use std::sync::{Arc, Mutex};

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{CommandWriter, Operation, Outcome, Script, Step};
use redis::Value;

/// The `resend` flags with which an operation was written, in order.
pub type Sendings = Arc<Mutex<Vec<bool>>>;

/// One command whose reply is the result.
pub struct Command {
    args: Vec<Vec<u8>>,
    read: bool,
    pub sendings: Sendings,
}

impl Command {
    pub fn write(args: &[&str]) -> Self {
        let args = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        Self {
            args,
            read: false,
            sendings: Sendings::default(),
        }
    }

    pub fn read(args: &[&str]) -> Self {
        Self {
            read: true,
            ..Self::write(args)
        }
    }
}

impl Operation for Command {
    fn write(&mut self, out: &mut CommandWriter<'_>, resend: bool) {
        self.sendings.lock().unwrap().push(resend);
        out.command(self.args.iter().map(Vec::as_slice));
    }

    fn read(&mut self, mut replies: Vec<Value>) -> Step {
        assert_eq!(replies.len(), 1);
        Step::Over(outcome(replies.remove(0)))
    }

    fn is_read(&self) -> bool {
        self.read
    }
}

/// A script call whose reply is the result.
pub struct Eval {
    pub script: &'static Script,
    pub args: Vec<String>,
}

impl Operation for Eval {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        let args: Vec<_> = self.args.iter().map(String::as_bytes).collect();
        out.script(self.script, &[], &args);
    }

    fn read(&mut self, mut replies: Vec<Value>) -> Step {
        Step::Over(outcome(replies.remove(0)))
    }

    fn is_read(&self) -> bool {
        false
    }
}

/// What a step of [`Steps`] leads to.
pub enum Next {
    Over(Result<Outcome, Error>),
    Continue(&'static [&'static str]),
    Hold(&'static [&'static str]),
}

type Decide = Box<dyn FnMut(Value) -> Next + Send>;

/// An operation of several single-command steps.
pub struct Steps {
    command: Command,
    decide: Decide,
}

impl Steps {
    /// Starts with `first`; each reply decides what comes next.
    pub fn new(first: Command, decide: impl FnMut(Value) -> Next + Send + 'static) -> Self {
        Self {
            command: first,
            decide: Box::new(decide),
        }
    }
}

impl Operation for Steps {
    fn write(&mut self, out: &mut CommandWriter<'_>, resend: bool) {
        Operation::write(&mut self.command, out, resend);
    }

    fn read(&mut self, mut replies: Vec<Value>) -> Step {
        let (args, step) = match (self.decide)(replies.remove(0)) {
            Next::Over(result) => return Step::Over(result),
            Next::Continue(args) => (args, Step::Continue),
            Next::Hold(args) => (args, Step::Hold),
        };
        self.command.args = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        step
    }

    fn is_read(&self) -> bool {
        self.command.read
    }
}

/// A reply as a result.
pub fn outcome(reply: Value) -> Result<Outcome, Error> {
    match reply {
        Value::Okay => Ok(Outcome::Done),
        Value::Nil => Ok(Outcome::Nothing),
        Value::BulkString(bytes) => Ok(Outcome::Document(bytes)),
        Value::SimpleString(text) => Ok(Outcome::Document(text.into_bytes())),
        Value::Int(number) => Ok(Outcome::Count(number.try_into().expect("a count"))),
        Value::ServerError(error) => Err(Error::server(&error)),
        other => panic!("no test expects {other:?}"),
    }
}

/// The result that is this text.
#[allow(clippy::unnecessary_wraps)] // it stands where results are compared
pub fn document(text: &str) -> Result<Outcome, Error> {
    Ok(Outcome::Document(text.as_bytes().to_vec()))
}
