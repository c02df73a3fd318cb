//! Carries calls over one ready connection, until it is lost, left, or the link is over.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::calls::{Calls, Leave};
use super::settings::Settings;
use super::watch::{Sign, Watch};
use super::wire::Wire;
use crate::error::Error;
use crate::fault;

/// How a connection ended.
pub(super) enum End {
    /// It broke.
    Lost(Error),
    /// It works, and another one is needed.
    Left(Leave),
    /// It is not needed any more.
    Over,
}

/// Carries calls over `wire`.
///
/// One poll takes in all new calls, writes them in one piece and reads all replies that are
/// there; it begins again as long as replies come.
pub(super) async fn carry(calls: &mut Calls, mut wire: Wire, settings: &Settings) -> End {
    let mut watch = Watch::new(settings);
    calls.connected();
    poll_fn(|context| poll(calls, &mut wire, &mut watch, context)).await
}

fn poll(
    calls: &mut Calls,
    wire: &mut Wire,
    watch: &mut Watch,
    context: &mut Context<'_>,
) -> Poll<End> {
    loop {
        fault::point("session");
        calls.tend(context);
        if calls.is_over() {
            return Poll::Ready(End::Over);
        }
        if let Some(leave) = calls.leave() {
            return Poll::Ready(End::Left(leave));
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
        if answered {
            continue;
        }
        if let Some(since) = calls.shortcut_taken() {
            watch.owe_since(since);
        }
        let (heard, owed, used) = (wire.has_heard(), calls.is_owed(), !calls.is_empty());
        match watch.poll(context, heard, owed, used) {
            Poll::Ready(Sign::Ask) => calls.ping(),
            Poll::Ready(Sign::Gone) => return Poll::Ready(End::Lost(watch.silence())),
            Poll::Pending => {
                if let Some(socket) = wire.socket().filter(|_| calls.is_idle()) {
                    calls.offer(socket, watch.is_awake());
                }
                return Poll::Pending;
            }
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
