//! Where calls arrive: any thread puts them in, the connection's task takes them out in batches.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use super::carried::{is_read, settle};
use super::host::Host;
use super::link::Close;
use super::operation::Call;
use super::shortcut::{Sent, Shortcut};
use crate::error::Error;

/// A batch that was larger than this does not keep its memory.
const USUAL_BATCH: usize = 1024;

/// So many calls are not held back for more of them.
const ENOUGH: usize = 16;

/// What becomes of the calls of a link whose task a panic has ended.
pub(super) fn failed() -> Error {
    Error::Internal("the connection's task has failed".to_owned())
}

/// The calls that the task has not seen yet.
pub(super) struct Inbox {
    host: Arc<dyn Host>,
    state: Mutex<State>,
}

/// A call as the task finds it.
pub(super) struct Arrival {
    pub(super) call: Call,
    /// It has taken the shortcut.
    pub(super) sent: Option<Sent>,
}

#[derive(Default)]
struct State {
    calls: Vec<Arrival>,
    close: Option<Close>,
    /// The task has ended before the link was closed: the host has to make another one.
    has_failed: bool,
    /// Present while the task sleeps with nothing left to take: one wake-up for a batch.
    waker: Option<Waker>,
    /// More calls are about to follow.
    corked: bool,
    /// Present while the connection has nothing to do.
    shortcut: Option<Shortcut>,
}

impl State {
    /// The waker, if it is time to wake the task.
    fn due(&mut self) -> Option<Waker> {
        if self.calls.is_empty() || (self.corked && self.calls.len() < ENOUGH) {
            return None;
        }
        self.waker.take()
    }
}

/// Wakes the task when it can take what there is.
fn release(state: MutexGuard<'_, State>, waker: Option<Waker>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Inbox {
    pub(super) fn new(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            state: Mutex::default(),
        }
    }

    /// Adds a call. After the close it is settled at once.
    pub(super) fn submit(&self, mut call: Call) {
        let mut state = self.lock();
        if state.close.is_some() {
            drop(state);
            return self.refuse(&Arrival { call, sent: None });
        }
        let is_alone = !state.corked && state.calls.is_empty();
        let shortcut = state.shortcut.take_if(|_| is_alone);
        let sent = shortcut.as_ref().and_then(|way| way.send(&mut call));
        let is_complete = sent.as_ref().is_some_and(Sent::is_complete);
        state.calls.push(Arrival { call, sent });
        if is_complete && shortcut.is_some_and(|way| !way.wakes) {
            return;
        }
        let waker = state.due();
        release(state, waker);
    }

    /// Holds calls back, as more are about to follow; or lets them go.
    pub(super) fn cork(&self, corked: bool) {
        let mut state = self.lock();
        state.corked = corked;
        let waker = state.due();
        release(state, waker);
    }

    /// Takes no more calls. `Now` overrides `Graceful`.
    pub(super) fn close(&self, how: Close) {
        let mut state = self.lock();
        if state.close != Some(Close::Now) {
            state.close = Some(how);
        }
        // It would keep the socket open.
        state.shortcut = None;
        let waker = state.waker.take();
        release(state, waker);
    }

    /// Exchanges the calls that have arrived for the empty `batch`; with none, the task of
    /// `context` is woken by the next one. Says whether and how the link is closed.
    /// A shortcut is taken back.
    pub(super) fn take(&self, context: &Context<'_>, batch: &mut Vec<Arrival>) -> Option<Close> {
        if batch.capacity() > USUAL_BATCH {
            *batch = Vec::new();
        }
        let mut state = self.lock();
        state.shortcut = None;
        mem::swap(&mut state.calls, batch);
        if batch.is_empty() {
            match &mut state.waker {
                Some(waker) => waker.clone_from(context.waker()),
                empty => *empty = Some(context.waker().clone()),
            }
        }
        state.close
    }

    /// Lets the next call write into the socket itself, unless there is one already.
    pub(super) fn offer(&self, shortcut: Shortcut) {
        let mut state = self.lock();
        if state.calls.is_empty() && state.close.is_none() {
            state.shortcut = Some(shortcut);
        }
    }

    /// Closes for good and settles what nobody will take any more.
    pub(super) fn shut(&self) {
        let was_open = self.lock().close.is_none();
        self.close(Close::Now);
        let left = mem::take(&mut self.lock().calls);
        for call in &left {
            self.refuse(call);
        }
        self.lock().has_failed = was_open;
    }

    fn refuse(&self, Arrival { call, sent }: &Arrival) {
        let left = sent.as_ref().is_some_and(|sent| sent.taken > 0);
        let error = if self.lock().has_failed {
            failed()
        } else {
            let ambiguous = left && !is_read(&*call.operation);
            Error::ConnectionClosed { ambiguous }
        };
        settle(&*self.host, call.ticket, Err(error));
    }

    /// A panic elsewhere leaves this state whole: each section under the lock is a few moves.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
