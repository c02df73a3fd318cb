//! All calls of a link that are not settled, and the rules by which they take turns.
//!
//! A call waits in the queue, flies, and is settled; or it comes back to its place in the queue
//! for another sending or another step. At most one call at a time is a barrier: nothing behind
//! it is sent until it is over.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use redis::Value;
use socket2::Socket;
use tokio::time::Instant;

use self::hindrance::Hindrance;
use self::reactions::Reactions;
use super::alarm::Alarm;
use super::carried::Carried;
use super::command::ScriptForm;
use super::flight::Flight;
use super::host::Host;
use super::inbox::{Arrival, Inbox};
use super::link::Close;
use super::notice::Remark;
use super::operation::{Outcome, Step};
use super::queue::Queue;
use super::reply::refusal;
use super::settings::{Node, Settings};
use super::shortcut::Shortcut;
use super::verdict::{Expectations, Verdict};
use super::wire::Wire;
use crate::error::Error;
use crate::fault;

mod deadlines;
mod hindrance;
mod losses;
mod reactions;

/// Output beyond which no further call is written until the socket has taken some.
const FULL: usize = 1024 * 1024;

/// The calls of a link from their submission to their end.
pub(super) struct Calls {
    host: Arc<dyn Host>,
    inbox: Arc<Inbox>,
    batch: Vec<Arrival>,
    next_order: u64,
    queue: Queue,
    flight: Flight,
    barrier: Option<Barrier>,
    hindrance: Option<Hindrance>,
    /// Refusals of which the client is asked what they mean.
    reactions: Reactions,
    /// Nothing more is sent on the present connection, which is left once all is answered.
    leaving: Option<Leave>,
    terms: Terms,
    /// New calls are not to wait for the connection that others wait for.
    offline: bool,
    closing: Option<Close>,
    alarm: Alarm,
    /// No deadline passes before this moment.
    next_deadline: Option<Instant>,
    /// When a call has taken the shortcut, since this was last asked.
    shortcut_taken: Option<Instant>,
}

/// What the settings say about the patience of calls.
struct Terms {
    command_timeout: Option<Duration>,
    max_retries: Option<u32>,
    offline_queue: bool,
    auto_resend: bool,
    /// How long a server may say that it cannot serve now.
    hindrance: Duration,
    /// Whether the client is asked about refusals.
    reactions: bool,
    expectations: Expectations,
}

/// Why a connection that works is left for another one.
#[derive(Debug)]
pub(super) enum Leave {
    /// Another server may have taken the place of this one.
    Anew,
    /// The cluster has named the node that serves the calls.
    To(Node),
}

/// The call behind which nothing is sent.
#[derive(Clone, Copy)]
struct Barrier {
    order: u64,
    /// Whether the clocks of the calls behind it stand still: so for a gate and for a write of
    /// several steps, not for a call that tries out whether the server serves again.
    stops_clocks: bool,
}

impl Calls {
    pub(super) fn new(host: Arc<dyn Host>, inbox: Arc<Inbox>) -> Self {
        Self {
            host,
            inbox,
            batch: Vec::new(),
            next_order: 0,
            queue: Queue::default(),
            flight: Flight::default(),
            barrier: None,
            hindrance: None,
            reactions: Reactions::default(),
            leaving: None,
            terms: Terms {
                command_timeout: None,
                max_retries: None,
                offline_queue: true,
                auto_resend: true,
                hindrance: Duration::ZERO,
                reactions: false,
                expectations: Expectations::default(),
            },
            offline: false,
            closing: None,
            alarm: Alarm::default(),
            next_deadline: None,
            shortcut_taken: None,
        }
    }

    /// Goes by these settings from now on.
    pub(super) fn adopt(&mut self, settings: &Settings) {
        self.terms = Terms {
            command_timeout: settings.command_timeout.map(Duration::from_millis),
            max_retries: settings.max_retries_per_request,
            offline_queue: settings.enable_offline_queue,
            auto_resend: settings.auto_resend_unfulfilled_commands,
            hindrance: Duration::from_millis(settings.max_loading_retry_time),
            reactions: settings.reconnect_on_error,
            expectations: Expectations::of(settings),
        };
        self.next_deadline = Some(Instant::now());
    }

    /// Whether no call waits for anything.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.reactions.is_empty() && self.flight.calls().next().is_none()
    }

    /// Whether the server owes answers.
    pub(super) fn is_owed(&self) -> bool {
        !self.flight.is_empty()
    }

    /// When a call was sent behind the task's back, since this was last asked.
    pub(super) fn shortcut_taken(&mut self) -> Option<Instant> {
        self.shortcut_taken.take()
    }

    /// Whether a call that comes now could be sent at once, and nothing else is to be done.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty()
            && !self.is_owed()
            && self.flight.backlog() == 0
            && self.barrier.is_none()
            && self.hindrance.is_none()
            && self.leaving.is_none()
            && self.closing.is_none()
    }

    /// Lets the next call write into `socket` itself; `watched`: the task wakes up in time to see
    /// to it that a silent server is given up.
    pub(super) fn offer(&self, socket: &Arc<Socket>, watched: bool) {
        self.inbox.offer(Shortcut {
            socket: Arc::clone(socket),
            wakes: !watched || self.terms.command_timeout.is_some(),
        });
    }

    /// Asks the server for a sign of life.
    pub(super) fn ping(&mut self) {
        self.flight.ping();
    }

    /// Why the connection is to be left, once the server owes nothing any more.
    pub(super) fn leave(&mut self) -> Option<Leave> {
        if self.is_owed() {
            return None;
        }
        self.leaving.take()
    }

    /// Whether the link is closed and owes nothing to anybody but rejections.
    pub(super) fn is_over(&self) -> bool {
        match self.closing {
            Some(Close::Now) => true,
            Some(Close::Graceful) => self.is_empty(),
            None => false,
        }
    }

    fn accept(&mut self, now: Instant) {
        if let Some(limit) = self.terms.command_timeout {
            self.next_deadline.get_or_insert(now + limit);
        }
        self.offline &= !self.is_empty();
        for Arrival { call, sent } in self.batch.drain(..) {
            self.next_order += 2;
            let since = sent.as_ref().map_or(now, |sent| sent.at);
            let call = Carried::new(call, &self.host, self.next_order, since);
            if let Some(sent) = sent {
                self.flight.adopt(call, &sent);
                self.shortcut_taken = Some(sent.at);
            } else if self.offline {
                call.settle(Err(Error::Offline));
            } else {
                self.queue.push(call);
            }
        }
    }

    /// Writes what may be sent now. Says whether it stopped only because there is so much.
    pub(super) fn send(&mut self) -> bool {
        if self.pause().is_some() || self.leaving.is_some() || !self.reactions.is_empty() {
            return false;
        }
        while let Some(first) = self.queue.first() {
            let order = first.order;
            if self.barrier.is_some_and(|barrier| order > barrier.order) {
                return false;
            }
            if self.flight.backlog() >= FULL {
                return true;
            }
            if let Some(call) = self.queue.pop() {
                self.send_or_open(call);
            }
        }
        false
    }

    fn send_or_open(&mut self, mut call: Carried) {
        let opening = match call.gate {
            Some(_) => call.opening(Instant::now()),
            None => Ok(None),
        };
        match opening {
            Ok(None) => {}
            Ok(Some(opening)) => {
                self.queue.insert(call);
                return self.queue.insert(opening);
            }
            Err(error) => return self.conclude(call, Err(error)),
        }
        if call.alone {
            self.barrier = Some(Barrier {
                order: call.order,
                stops_clocks: true,
            });
        } else if self.hindrance.is_some() && self.barrier.is_none() {
            self.barrier = Some(Barrier {
                order: call.order,
                stops_clocks: false,
            });
        }
        call.announce(&*self.host);
        if let Err(failed) = self.flight.send(call) {
            let (call, error) = *failed;
            self.conclude(call, Err(error));
        }
    }

    pub(super) fn poll_write(
        &mut self,
        wire: &mut Wire,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.flight.poll_write(wire, context)
    }

    /// Takes the next reply. An error says that the connection cannot be understood any more.
    pub(super) fn answer(&mut self, reply: Value) -> Result<(), Error> {
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
    fn make_again(&mut self, mut call: Carried, replies: &[Value]) {
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
    fn turn_away(&mut self, leave: Leave) {
        self.take_back_unsent();
        self.leaving = Some(leave);
    }

    fn deliver(&mut self, mut call: Carried, replies: Vec<Value>) {
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

    fn take_back_unsent(&mut self) {
        for call in self.flight.withdraw().rev() {
            self.queue.insert(call);
        }
    }

    /// Ends a call with an answer, and what its being under way has kept others from.
    fn conclude(&mut self, call: Carried, result: Result<Outcome, Error>) {
        self.lift(call.order, true);
        self.report(call, result);
    }

    fn report(&mut self, call: Carried, result: Result<Outcome, Error>) {
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
