//! The life of a link: idle, connecting, ready, lost, waiting to try again, closed.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::{Instant, sleep_until};

use super::calls::Calls;
use super::command::Script;
use super::dial::dial;
use super::handshake::{Refusal, handshake};
use super::host::Host;
use super::inbox::Inbox;
use super::session::{End, carry};
use super::settings::Settings;
use super::wire::Wire;
use crate::error::Error;

/// The task of a link.
pub(super) struct Supervisor {
    host: Arc<dyn Host>,
    scripts: Vec<&'static Script>,
    calls: Calls,
    /// Failures since the last ready connection, as ioredis counts `retryAttempts`.
    failures: u32,
    /// When the next attempt may be made.
    next_attempt: Option<Instant>,
}

/// The link is over: leave everything to the drop.
struct Over;

impl Supervisor {
    pub(super) fn new(
        host: Arc<dyn Host>,
        inbox: Arc<Inbox>,
        scripts: Vec<&'static Script>,
    ) -> Self {
        Self {
            calls: Calls::new(Arc::clone(&host), inbox),
            host,
            scripts,
            failures: 0,
            next_attempt: None,
        }
    }

    /// Lives until the link is closed.
    pub(super) async fn run(mut self) {
        while self.live().await.is_ok() {}
    }

    /// Waits for a call, opens a connection for it and stays with that connection to its end.
    async fn live(&mut self) -> Result<(), Over> {
        self.work().await?;
        if let Some(moment) = self.next_attempt.take() {
            attend(&mut self.calls, sleep_until(moment)).await?;
            if self.calls.is_empty() {
                return Ok(());
            }
        }
        match self.open().await? {
            Ok(wire) => {
                self.failures = 0;
                match carry(&mut self.calls, wire).await {
                    End::Over => Err(Over),
                    End::Lost(cause) => {
                        self.calls.disconnected(&cause);
                        self.retry(&cause).await
                    }
                }
            }
            Err(Refusal::Passing(cause)) => self.retry(&cause).await,
            Err(Refusal::Final(error)) => {
                // Other credentials may help; the next call asks for the settings anew.
                self.calls.reject_all(|_| error.clone());
                Ok(())
            }
        }
    }

    /// Waits until there is a call.
    async fn work(&mut self) -> Result<(), Over> {
        poll_fn(|context| {
            self.calls.tend(context);
            match (self.calls.is_over(), self.calls.is_empty()) {
                (true, _) => Poll::Ready(Err(Over)),
                (false, true) => Poll::Pending,
                (false, false) => Poll::Ready(Ok(())),
            }
        })
        .await
    }

    /// Opens a connection with the settings of the moment.
    async fn open(&mut self) -> Result<Result<Wire, Refusal>, Over> {
        // A host that drops the question has ended.
        let question = self.host.settings(self.failures, None);
        let settings = attend(&mut self.calls, question).await?;
        let settings = settings.unwrap_or(Err(Error::ConnectionClosed { ambiguous: false }));
        match settings {
            Ok(settings) => {
                self.calls.adopt(&settings);
                let opening = connect(&settings, &*self.host, &self.scripts);
                attend(&mut self.calls, opening).await
            }
            Err(error) => Ok(Err(Refusal::Final(error))),
        }
    }

    /// After a failure: asks the host whether and when to try again for the calls that wait.
    async fn retry(&mut self, cause: &Error) -> Result<(), Over> {
        self.calls.go_offline();
        if self.calls.is_empty() {
            return Ok(());
        }
        self.failures = self.failures.saturating_add(1);
        let delay = attend(&mut self.calls, self.host.retry_delay(self.failures)).await?;
        if let Some(delay) = delay.ok().flatten() {
            self.next_attempt = Some(Instant::now() + delay);
            self.calls.retried(self.failures, cause);
        } else {
            self.failures = 0;
            self.calls
                .reject_all(|ambiguous| Error::ConnectionClosed { ambiguous });
        }
        Ok(())
    }
}

async fn connect(
    settings: &Settings,
    host: &dyn Host,
    scripts: &[&'static Script],
) -> Result<Wire, Refusal> {
    let transport = dial(settings, host).await.map_err(|error| match error {
        Error::Settings(_) => Refusal::Final(error),
        _ => Refusal::Passing(error),
    })?;
    handshake(transport, settings, scripts).await
}

/// Does some work while looking after the calls: new ones come in, old ones run out of time,
/// and the link may be closed.
async fn attend<F: Future>(calls: &mut Calls, work: F) -> Result<F::Output, Over> {
    let mut work = pin!(work);
    poll_fn(|context| {
        calls.tend(context);
        if calls.is_over() {
            return Poll::Ready(Err(Over));
        }
        work.as_mut().poll(context).map(Ok)
    })
    .await
}
