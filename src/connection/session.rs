//! Carries calls over one ready connection, until it is lost or the link is over.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::calls::Calls;
use super::wire::Wire;
use crate::error::Error;

/// How a connection ended.
pub(super) enum End {
    /// It broke.
    Lost(Error),
    /// It is not needed any more.
    Over,
}

/// Carries calls over `wire`.
///
/// One poll takes in all new calls, writes them in one piece and reads all replies that are
/// there; it begins again as long as replies come. A watch over a peer that has gone silent
/// belongs here too: it sees every byte that comes and goes.
pub(super) async fn carry(calls: &mut Calls, mut wire: Wire) -> End {
    calls.connected();
    poll_fn(|context| poll(calls, &mut wire, context)).await
}

fn poll(calls: &mut Calls, wire: &mut Wire, context: &mut Context<'_>) -> Poll<End> {
    loop {
        calls.tend(context);
        if calls.is_over() {
            return Poll::Ready(End::Over);
        }
        let broken = write(calls, wire, context).err();
        // Replies that arrived before the line broke are still good.
        let mut answered = false;
        while let Poll::Ready(reply) = wire.poll_reply(context) {
            if let Err(error) = reply.and_then(|reply| calls.answer(reply)) {
                return Poll::Ready(End::Lost(broken.unwrap_or(error)));
            }
            answered = true;
        }
        if let Some(error) = broken {
            return Poll::Ready(End::Lost(error));
        }
        if !answered {
            return Poll::Pending;
        }
    }
}

/// Writes all that may be sent now and that the socket takes.
fn write(calls: &mut Calls, wire: &mut Wire, context: &mut Context<'_>) -> Result<(), Error> {
    loop {
        let more = calls.send();
        match calls.poll_write(wire, context)? {
            Poll::Ready(()) if more => {}
            _ => return Ok(()),
        }
    }
}
