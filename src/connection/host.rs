//! The owner of a connection, and what it is asked.

use std::time::Duration;

#[cfg(unix)]
use socket2::SockRef;
use socket2::Socket;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::notice::{Change, Remark};
use super::operation::Outcome;
use super::settings::{Node, Settings};
use crate::error::Error;

/// An open byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// A second handle of the socket, where bytes go into it as they are.
    fn socket(&self) -> Option<Socket> {
        None
    }
}

impl Stream for TcpStream {
    #[cfg(unix)]
    fn socket(&self) -> Option<Socket> {
        SockRef::from(self).try_clone().ok()
    }
}

#[cfg(unix)]
impl Stream for tokio::net::UnixStream {
    fn socket(&self) -> Option<Socket> {
        SockRef::from(self).try_clone().ok()
    }
}

/// A [`Stream`] of whatever kind the settings ask for.
pub type Transport = Box<dyn Stream>;

/// What a refusal means for the connection: the answer of `reconnectOnError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing: the call gets the refusal.
    Stay,
    /// The call gets the refusal, and the connection is opened anew.
    Reconnect,
    /// The connection is opened anew, and the call made again on it.
    Resend,
}

/// The owner of a connection: knows the settings, and takes the results. A question that it
/// drops is answered: the owner has ended.
pub trait Host: Send + Sync {
    /// The settings for the connection that is about to be opened, after `failures` failures
    /// in a row; `redirect`: to the node that a cluster has named.
    fn settings(
        &self,
        failures: u32,
        redirect: Option<&Node>,
    ) -> oneshot::Receiver<Result<Settings, Error>>;

    /// A stream that the caller's connector has opened, for [`Route::Carried`].
    ///
    /// [`Route::Carried`]: super::Route::Carried
    fn open_stream(&self) -> oneshot::Receiver<Result<Transport, Error>>;

    /// How long to wait before connection attempt `attempt` (from 1); `None`: give up.
    fn retry_delay(&self, attempt: u32) -> oneshot::Receiver<Option<Duration>>;

    /// How long to wait before all sentinels are asked again, after `rounds` rounds in which none
    /// of them could name a server; `None`: give up.
    fn sentinel_retry_delay(&self, rounds: u32) -> oneshot::Receiver<Option<Duration>>;

    /// What the server's refusal of a call means for the connection.
    fn reaction(&self, refusal: &Error) -> oneshot::Receiver<Reaction>;

    /// Takes a part of the result of a call, as [`Operation::ahead`] gives it. The rest comes with the outcome, and
    /// nothing of it counts where that is an error.
    ///
    /// [`Operation::ahead`]: super::Operation::ahead
    fn ahead(&self, ticket: u32, part: Vec<u8>);

    /// Settles a call. Called once for each ticket, whatever happens.
    fn settle(&self, ticket: u32, result: Result<Outcome, Error>);

    /// Hears what has become of the connection. Nobody need listen.
    fn changed(&self, _change: Change<'_>) {}

    /// Hears what has happened to a call that is not settled yet. Nobody need listen.
    fn remark(&self, _ticket: u32, _remark: Remark) {}
}
