//! A call on its way: the operation, how far it has come, and the promise to settle it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redis::Value;
use tokio::time::Instant;

use super::command::{CommandWriter, ScriptForm};
use super::host::Host;
use super::notice::Remark;
use super::operation::{Call, Gate, Operation, Outcome, Step};
use crate::error::Error;
use crate::fault;

/// A call between its submission and its end, or the opening of a gate on behalf of one.
pub(super) struct Carried {
    /// Its place among all calls of the link. Calls have even places; the opening of a call's
    /// gate takes the odd one before it.
    pub(super) order: u64,
    /// When the clock of its deadline started.
    pub(super) since: Instant,
    /// Must be open before the first sending; `None` once it has been.
    pub(super) gate: Option<Arc<dyn Gate>>,
    /// How its scripts are named in the present step.
    pub(super) form: ScriptForm,
    /// An earlier sending of the present step may have been executed.
    pub(super) resend: bool,
    /// Nothing behind it is sent until it is over.
    pub(super) alone: bool,
    /// On how many connections it was sent that were lost before it was answered.
    pub(super) losses: u32,
    /// Why it is to be sent again, until it is.
    pub(super) again: Option<Box<Remark>>,
    /// The ticket of the call, or of the one on whose behalf a gate is opened.
    number: u32,
    operation: Box<dyn Operation>,
    is_read: bool,
    /// `None`: the opening of a gate.
    ticket: Option<Ticket>,
}

impl Carried {
    pub(super) fn new(call: Call, host: &Arc<dyn Host>, order: u64, since: Instant) -> Self {
        let ticket = Ticket {
            number: call.ticket,
            host: Some(Arc::clone(host)),
        };
        Self {
            gate: call.gate,
            ticket: Some(ticket),
            ..Self::from(call.operation, call.ticket, order, since)
        }
    }

    fn from(operation: Box<dyn Operation>, number: u32, order: u64, since: Instant) -> Self {
        Self {
            is_read: is_read(&*operation),
            order,
            since,
            gate: None,
            form: ScriptForm::Sha,
            resend: false,
            alone: false,
            losses: 0,
            again: None,
            number,
            operation,
            ticket: None,
        }
    }

    /// What has to be carried before this call, if its gate is closed.
    pub(super) fn opening(&mut self, now: Instant) -> Result<Option<Self>, Error> {
        let Some(gate) = &self.gate else {
            return Ok(None);
        };
        let operation = guarded("opening a gate", || {
            fault::point("open_gate");
            (!gate.is_open()).then(|| gate.opening())
        })?;
        if operation.is_none() {
            self.gate = None;
        }
        Ok(operation.map(|operation| Self {
            alone: true,
            ..Self::from(operation, self.number, self.order - 1, now)
        }))
    }

    pub(super) fn is_opening(&self) -> bool {
        self.ticket.is_none()
    }

    pub(super) fn is_read(&self) -> bool {
        self.is_read
    }

    /// Whether the server may have executed it, given whether it is being sent right now.
    pub(super) fn ambiguous(&self, sent: bool) -> bool {
        (sent || self.resend) && !self.is_read()
    }

    /// Appends the present step to `out`; says how many commands it has. After an error `out`
    /// is as it was.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> Result<usize, Error> {
        encode(&mut *self.operation, out, self.form, self.resend)
    }

    /// Takes the replies of the present step, and gives `host` what the operation has ahead and has to say of them.
    pub(super) fn read(&mut self, replies: Vec<Value>, host: &dyn Host) -> Step {
        guarded("reading a reply", || {
            fault::point("read");
            let step = self.operation.read(replies);
            for part in self.operation.ahead() {
                host.ahead(self.number, part);
            }
            for remark in self.operation.remarks() {
                host.remark(self.number, remark);
            }
            step
        })
        .unwrap_or_else(|error| Step::Over(Err(error)))
    }

    /// Tells `host` that it is sent again, if it is. Nobody waits for the opening of a gate.
    pub(super) fn announce(&mut self, host: &dyn Host) {
        if let Some(remark) = self.again.take().filter(|_| !self.is_opening()) {
            host.remark(self.number, *remark);
        }
    }

    /// Turns to the next step, whose clock starts at `now`.
    pub(super) fn advance(&mut self, now: Instant) {
        self.since = now;
        self.form = ScriptForm::Sha;
        self.resend = false;
    }

    pub(super) fn settle(self, result: Result<Outcome, Error>) {
        let is_doubtful = self.ambiguous(false);
        if let Some(ticket) = self.ticket {
            ticket.settle(result.map_err(
                |error| {
                    if is_doubtful { error.doubtful() } else { error }
                },
            ));
        }
    }
}

/// Appends the present step of `operation` to `out`; says how many commands it has. After an error
/// `out` is as it was.
pub(super) fn encode(
    operation: &mut dyn Operation,
    out: &mut Vec<u8>,
    form: ScriptForm,
    resend: bool,
) -> Result<usize, Error> {
    let start = out.len();
    let written = guarded("writing a command", || {
        fault::point("write");
        let mut writer = CommandWriter::new(out, form);
        operation.write(&mut writer, resend);
        writer.commands()
    });
    let written = match written {
        Ok(0) => Err(Error::Internal("an operation without a command".to_owned())),
        written => written,
    };
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// The duty to settle a call, once.
struct Ticket {
    number: u32,
    host: Option<Arc<dyn Host>>,
}

impl Ticket {
    fn settle(mut self, result: Result<Outcome, Error>) {
        self.report(result);
    }

    fn report(&mut self, result: Result<Outcome, Error>) {
        if let Some(host) = self.host.take() {
            settle(&*host, self.number, result);
        }
    }
}

/// The net below the connection's task: a call that a panic drops is settled all the same.
impl Drop for Ticket {
    fn drop(&mut self) {
        if self.host.is_some() {
            self.report(Err(Error::Internal("a call was dropped".to_owned())));
        }
    }
}

/// Settles a call. A host that panics here must not take the other calls with it, and may have been
/// about to make something of the result: that is not tried again.
pub(super) fn settle(host: &dyn Host, ticket: u32, result: Result<Outcome, Error>) {
    if let Err(error) = guarded("settling", || host.settle(ticket, result)) {
        // Who panics again is beyond help.
        drop(guarded("settling", || host.settle(ticket, Err(error))));
    }
}

/// Whether an operation changes nothing; no, where it cannot say.
pub(super) fn is_read(operation: &dyn Operation) -> bool {
    let answer = guarded("asking for the kind of an operation", || {
        fault::point("is_read");
        operation.is_read()
    });
    answer.unwrap_or(false)
}

/// Runs what others wrote. The text of a panic is not passed on: it may hold anything.
fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| Error::Internal(format!("a panic while {what}")))
}
