//! What becomes of calls when their connection is lost, cannot be had, or is not wanted any more.

use super::Calls;
use crate::connection::command::ScriptForm;
use crate::connection::inbox::failed;
use crate::connection::notice::Remark;
use crate::error::Error;

impl Calls {
    /// A connection is ready: calls may wait for the next one again.
    pub(in crate::connection) fn connected(&mut self) {
        self.offline = false;
    }

    /// The connection is lost. Calls that were on it come back to be sent again, as far as the
    /// settings allow.
    pub(in crate::connection) fn disconnected(&mut self, cause: &Error) {
        self.deliver_unjudged();
        self.hindrance = None;
        self.leaving = None;
        if let Some(barrier) = self.barrier {
            self.lift(barrier.order, true);
        }
        for (mut call, sent) in self.flight.land().rev() {
            if !sent {
                self.queue.insert(call);
                continue;
            }
            call.resend = true;
            call.losses += 1;
            let ambiguous = call.ambiguous(true);
            match self.terms.max_retries.filter(|&limit| call.losses > limit) {
                _ if !self.terms.auto_resend => {
                    self.report(call, Err(Error::ConnectionClosed { ambiguous }));
                }
                Some(limit) => self.report(call, Err(max_retries(limit, ambiguous, cause))),
                None => {
                    call.form = ScriptForm::Sha;
                    let code = cause.code().to_owned();
                    call.again = Some(Box::new(Remark::Retried { code, lost: true }));
                    self.queue.insert(call);
                }
            }
        }
    }

    /// There is no connection, and the next one will not be opened at once. Without an offline
    /// queue only calls that were sent before wait for it.
    pub(in crate::connection) fn go_offline(&mut self) {
        if !self.terms.offline_queue {
            // What opens a gate goes with the call that it was to be opened for.
            for call in self
                .queue
                .extract(|call| call.losses == 0 || call.is_opening())
            {
                call.settle(Err(Error::Offline));
            }
            self.offline = !self.is_empty();
        }
    }

    /// Rejects the calls that have waited through as many failures as the settings allow, given
    /// that there have been `failures`.
    pub(in crate::connection) fn retried(&mut self, failures: u32, cause: &Error) {
        // ioredis counts for the client, not for the call: every (limit + 1)th failure clears all.
        let limit = self.terms.max_retries;
        if let Some(limit) = limit.filter(|&limit| failures.is_multiple_of(limit.saturating_add(1)))
        {
            self.reject_all(|ambiguous| max_retries(limit, ambiguous, cause));
        }
    }

    /// Settles every call with the error that `error` makes of its ambiguity.
    pub(in crate::connection) fn reject_all(&mut self, error: impl Fn(bool) -> Error) {
        self.deliver_unjudged();
        self.barrier = None;
        self.hindrance = None;
        self.leaving = None;
        self.offline = false;
        let waiting = self.queue.extract(|_| true).into_iter();
        let waiting = waiting.map(|call| (call, false));
        for (call, sent) in self.flight.land().chain(waiting) {
            let ambiguous = call.ambiguous(sent);
            call.settle(Err(error(ambiguous)));
        }
    }
}

/// However the task ends, by the close, a panic or the end of its runtime, nobody waits for ever.
impl Drop for Calls {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.reject_all(|_| failed());
        } else {
            self.reject_all(|ambiguous| Error::ConnectionClosed { ambiguous });
        }
        self.inbox.shut();
    }
}

fn max_retries(limit: u32, ambiguous: bool, cause: &Error) -> Error {
    let cause = Some(Box::new(cause.clone()));
    Error::MaxRetries {
        limit,
        ambiguous,
        cause,
    }
}
