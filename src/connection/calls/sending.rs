//! The way of calls to the server: in, into the queue, and out in their order, as far as nothing
//! before them is to be over first.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Barrier, Calls};
use crate::connection::carried::Carried;
use crate::connection::inbox::Arrival;
use crate::connection::wire::Wire;
use crate::error::Error;

/// Output beyond which no further call is written until the socket has taken some.
const FULL: usize = 1024 * 1024;

impl Calls {
    /// Takes in the calls that have arrived.
    pub(super) fn accept(&mut self, now: Instant) {
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
    pub(in crate::connection) fn send(&mut self) -> bool {
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

    pub(in crate::connection) fn poll_write(
        &mut self,
        wire: &mut Wire,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.flight.poll_write(wire, context)
    }
}
