//! The short way of a lone call: straight into the socket, in the thread that makes it.
//!
//! While a connection has nothing to do, its task leaves a shortcut in the inbox. The next call
//! takes it: its bytes are with the server before the task has woken up, or without waking it at
//! all. The task takes the shortcut back before it does anything else, so that only one of the two
//! ever writes; it finds the call in the inbox before it reads the reply.

use std::sync::Arc;

use socket2::Socket;
use tokio::time::Instant;

use super::carried::encode;
use super::command::ScriptForm;
use super::operation::Call;

/// More than this is not written in the caller's thread.
const MOST: usize = 32 * 1024;

/// A way into the socket of a connection that has nothing to do.
pub(super) struct Shortcut {
    pub(super) socket: Arc<Socket>,
    /// The task has to look after the call at once: it has a deadline, or the task would sleep
    /// for longer than a silent server is to be waited for.
    pub(super) wakes: bool,
}

/// What has become of a call that took the shortcut.
pub(super) struct Sent {
    /// Its commands, and how many they are.
    pub(super) bytes: Vec<u8>,
    pub(super) commands: usize,
    /// How many of the bytes the socket has taken.
    pub(super) taken: usize,
    /// When.
    pub(super) at: Instant,
}

impl Sent {
    /// Whether nothing is left to be written.
    pub(super) fn is_complete(&self) -> bool {
        self.taken == self.bytes.len()
    }
}

impl Shortcut {
    /// Sends a call if nothing stands in its way. What the socket does not take now, and whatever is
    /// wrong with it, is the task's business. (Node ignores `SIGPIPE`, as its documentation says.)
    pub(super) fn send(&self, call: &mut Call) -> Option<Sent> {
        if call.gate.as_ref().is_some_and(|gate| !gate.is_open()) {
            return None;
        }
        let mut bytes = Vec::new();
        let commands = encode(&mut *call.operation, &mut bytes, ScriptForm::Sha, false).ok()?;
        if bytes.len() > MOST {
            return None;
        }
        let taken = self.socket.send(&bytes).unwrap_or(0);
        call.gate = None;
        Some(Sent {
            bytes,
            commands,
            taken,
            at: Instant::now(),
        })
    }
}
