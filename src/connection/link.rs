//! The handle of a connection, for those who make calls.

use std::sync::Arc;

use super::command::Script;
use super::host::Host;
use super::inbox::Inbox;
use super::operation::Call;
use super::supervisor::Supervisor;
use crate::fault;

/// How a link ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Calls made before finish first.
    Graceful,
    /// Calls made before are rejected now.
    Now,
}

/// One supervised connection. It is opened by the first call, and again after it was lost as
/// long as calls wait for it. When the last clone is dropped it is closed gracefully.
#[derive(Clone)]
pub struct Link {
    handle: Arc<Handle>,
}

struct Handle {
    inbox: Arc<Inbox>,
}

impl Link {
    /// A link for `host`, and the task that carries its calls, which is to be spawned on a tokio
    /// runtime with I/O and time. Every new connection is asked to load `scripts`.
    ///
    /// The task ends when the link is closed. However it ends, each call is settled.
    pub fn new(
        host: Arc<dyn Host>,
        scripts: Vec<&'static Script>,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let inbox = Arc::new(Inbox::new(Arc::clone(&host)));
        let supervisor = Supervisor::new(host, Arc::clone(&inbox), scripts);
        let handle = Arc::new(Handle { inbox });
        (Self { handle }, supervisor.run())
    }

    /// Makes a call. Calls take effect in the order in which they are submitted. After the
    /// close a call is settled before this returns, on the caller's thread.
    pub fn submit(&self, call: Call) {
        fault::point("submit");
        self.handle.inbox.submit(call);
    }

    /// Holds calls back for those that are about to follow, so that they leave together; `false`
    /// lets them go. Some leave before that when they are many, or when replies arrive.
    pub fn cork(&self, corked: bool) {
        self.handle.inbox.cork(corked);
    }

    /// Takes no more calls and ends the task. Closing again is harmless, and `Now` overrides
    /// `Graceful`.
    pub fn close(&self, how: Close) {
        self.handle.inbox.close(how);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inbox.close(Close::Graceful);
    }
}
