//! The one timer of a link: there is none per call.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes the task at a moment that may change from poll to poll.
#[derive(Default)]
pub(super) struct Alarm {
    /// Kept for the next use; `armed` says when it goes off, if it is still to.
    sleep: Option<Pin<Box<Sleep>>>,
    armed: Option<Instant>,
}

impl Alarm {
    /// Ready once `at` has come. With `None` there is nothing to wait for.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if self.armed != Some(at) {
            sleep.as_mut().reset(at);
            self.armed = Some(at);
        }
        let ready = sleep.as_mut().poll(context);
        if ready.is_ready() {
            self.armed = None;
        }
        ready
    }
}
