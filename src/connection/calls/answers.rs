//! What becomes of a call when its answer is here: it is over, goes on with another step, or is made
//! again.

use redis::Value;
use tokio::time::Instant;

use super::{Calls, Leave};
use crate::connection::carried::Carried;
use crate::connection::command::ScriptForm;
use crate::connection::notice::Remark;
use crate::connection::operation::{Outcome, Step};
use crate::connection::reply::refusal;
use crate::connection::verdict::Verdict;
use crate::error::Error;
use crate::fault;

impl Calls {
    /// Takes the next reply. An error says that the connection cannot be understood any more.
    pub(in crate::connection) fn answer(&mut self, reply: Value) -> Result<(), Error> {
        fault::point("answer_call");
        let Some((mut call, replies)) = self.flight.answer(reply)? else {
            return Ok(());
        };
        match self.terms.expectations.judge(&replies, call.form) {
            Verdict::WithSource => call.form = ScriptForm::Source,
            Verdict::Later if self.waits_longer(false) => {}
            Verdict::Elsewhere if self.waits_longer(false) => self.turn_away(Leave::Anew),
            Verdict::Moved(node) if self.waits_longer(true) => self.turn_away(Leave::To(node)),
            Verdict::Deliver => {
                self.present(call, replies);
                return Ok(());
            }
            Verdict::Later | Verdict::Elsewhere | Verdict::Moved(_) => {
                self.deliver(call, replies);
                return Ok(());
            }
        }
        self.make_again(call, &replies);
        Ok(())
    }

    /// Puts back a call that was refused.
    pub(super) fn make_again(&mut self, mut call: Carried, replies: &[Value]) {
        // Others than the refused one may have been executed.
        call.resend |= replies.len() > 1;
        let code = replies.iter().find_map(refusal).map(|refused| {
            let error = Error::server(refused);
            error.code().to_owned()
        });
        // That the server wants the text of a script is no trouble.
        if let Some(code) = code.filter(|code| code != "NOSCRIPT") {
            call.again = Some(Box::new(Remark::Retried { code, lost: false }));
        }
        self.queue.insert(call);
    }

    /// Sends nothing more on the present connection. The last word on where to go counts.
    pub(super) fn turn_away(&mut self, leave: Leave) {
        self.take_back_unsent();
        self.leaving = Some(leave);
    }

    pub(super) fn deliver(&mut self, mut call: Carried, replies: Vec<Value>) {
        match call.read(replies, &*self.host) {
            Step::Over(result) => self.conclude(call, result),
            Step::Continue => self.go_on(call),
            Step::Hold => {
                call.alone = true;
                // What has not left yet comes after it. So do reads that have: they must see
                // what this call is going to write.
                let order = call.order;
                self.take_back_unsent();
                let overtaken = |other: &Carried| other.order > order && other.is_read();
                for mut read in self.flight.abandon(overtaken) {
                    read.resend = true;
                    self.queue.insert(read);
                }
                self.go_on(call);
            }
        }
    }

    fn go_on(&mut self, mut call: Carried) {
        call.advance(Instant::now());
        self.queue.insert(call);
    }

    pub(super) fn take_back_unsent(&mut self) {
        for call in self.flight.withdraw().rev() {
            self.queue.insert(call);
        }
    }

    /// Ends a call with an answer, and what its being under way has kept others from.
    pub(super) fn conclude(&mut self, call: Carried, result: Result<Outcome, Error>) {
        self.lift(call.order, true);
        self.report(call, result);
    }

    pub(super) fn report(&mut self, call: Carried, result: Result<Outcome, Error>) {
        if !call.is_opening() {
            return call.settle(result);
        }
        let behind = call.order + 1;
        match result {
            Ok(_) => {
                if let Some(call) = self.queue.at(behind) {
                    call.gate = None;
                }
            }
            Err(error) => {
                if let Some(call) = self.queue.remove(behind) {
                    call.settle(Err(not_sent(error)));
                }
            }
        }
    }
}

/// The error of a gate's opening, as the error of a call that was therefore never sent.
fn not_sent(mut error: Error) -> Error {
    if let Error::ConnectionClosed { ambiguous }
    | Error::CommandTimedOut { ambiguous }
    | Error::MaxRetries { ambiguous, .. } = &mut error
    {
        *ambiguous = false;
    }
    error
}
