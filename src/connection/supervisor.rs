//! The life of a link: idle, connecting, ready, lost, waiting to try again, closed.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::Instant;

use super::calls::{Calls, Leave};
use super::command::Script;
use super::dial::dial;
use super::handshake::{Refusal, handshake};
use super::host::{Host, Transport};
use super::inbox::Inbox;
use super::notice::Change;
use super::sentinel::{Sentinels, check_role};
use super::session::{End, carry};
use super::settings::{Address, Node, Route, Settings};
use super::wire::Wire;
use crate::error::Error;
use crate::fault;

/// The task of a link.
pub(super) struct Supervisor {
    host: Arc<dyn Host>,
    scripts: Vec<&'static Script>,
    calls: Calls,
    /// Failures since the last ready connection, as ioredis counts `retryAttempts`.
    failures: u32,
    /// When the next attempt may be made.
    next_attempt: Option<Instant>,
    /// Which node of a cluster the next attempt goes to, if one has been named.
    redirect: Option<Node>,
    /// Nodes that have passed us on since the last ready connection.
    redirections: u32,
    /// The host of the last attempt: a cluster may name a node by its port alone.
    host_name: String,
    sentinels: Sentinels,
    /// Rounds in which no sentinel named a server, since one did.
    rounds: u32,
}

/// How often nodes may pass us on before that counts as a failure. As many as ioredis follows.
const MAX_REDIRECTIONS: u32 = 16;

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
            redirect: None,
            redirections: 0,
            host_name: String::new(),
            sentinels: Sentinels::default(),
            rounds: 0,
        }
    }

    /// Lives until the link is closed.
    pub(super) async fn run(mut self) {
        while self.live().await.is_ok() {}
    }

    /// Waits for a call, opens a connection for it and stays with that connection to its end.
    async fn live(&mut self) -> Result<(), Over> {
        self.work().await?;
        fault::point("supervisor");
        if let Some(moment) = self.next_attempt.take() {
            attend(&mut self.calls, self.sentinels.pause(moment)).await?;
            if self.calls.is_empty() {
                return Ok(());
            }
        }
        match self.open().await? {
            Ok((wire, settings)) => {
                self.failures = 0;
                self.redirections = 0;
                self.host.changed(Change::Ready);
                match carry(&mut self.calls, wire, &settings).await {
                    End::Over => Err(Over),
                    End::Left(leave) => {
                        self.host.changed(Change::Left);
                        self.next_attempt = self.calls.pause();
                        if let Leave::To(node) = leave {
                            self.go_to(node);
                        }
                        Ok(())
                    }
                    End::Lost(cause) => {
                        let code = cause.code();
                        self.host.changed(Change::Lost { code });
                        self.calls.disconnected(&cause);
                        self.retry(&cause).await
                    }
                }
            }
            Err(Refusal::Passing(cause)) => {
                self.failed(&cause);
                self.retry(&cause).await
            }
            Err(Refusal::Moved(node)) => {
                self.redirections += 1;
                if self.redirections > MAX_REDIRECTIONS {
                    self.redirections = 0;
                    let cause = lost_in_cluster();
                    self.failed(&cause);
                    return self.retry(&cause).await;
                }
                self.go_to(node);
                Ok(())
            }
            Err(Refusal::Unnamed(error)) => {
                self.failed(&error);
                self.search_on(&error).await
            }
            Err(Refusal::Final(error)) => {
                self.failed(&error);
                // Other credentials may help; the next call asks for the settings anew.
                // What was sent before is doubtful, and `settle` says so.
                self.calls.reject_all(|_| error.clone());
                Ok(())
            }
        }
    }

    fn failed(&self, cause: &Error) {
        let code = cause.code();
        self.host.changed(Change::Failed { code });
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
    async fn open(&mut self) -> Result<Result<(Wire, Settings), Refusal>, Over> {
        // A host that drops the question has ended.
        let redirect = self.redirect.take();
        let question = self.host.settings(self.failures, redirect.as_ref());
        let settings = attend(&mut self.calls, question).await?;
        let settings = settings.unwrap_or(Err(Error::ConnectionClosed { ambiguous: false }));
        match settings {
            Ok(settings) => {
                self.calls.adopt(&settings);
                if let Route::Direct(Address::Tcp { host, .. }) = &settings.route {
                    self.host_name.clone_from(host);
                }
                let opening = connect(&settings, &*self.host, &self.scripts, &mut self.sentinels);
                let opened = attend(&mut self.calls, opening).await?;
                if !matches!(opened, Err(Refusal::Unnamed(_))) {
                    self.rounds = 0;
                }
                Ok(opened.map(|wire| (wire, settings)))
            }
            // A name that does not resolve now may do so later.
            Err(error @ Error::Connect { .. }) => Ok(Err(Refusal::Passing(error))),
            Err(error) => Ok(Err(Refusal::Final(error))),
        }
    }

    /// The next attempt goes to this node.
    fn go_to(&mut self, mut node: Node) {
        if node.host.is_empty() {
            node.host.clone_from(&self.host_name);
        }
        self.redirect = Some(node);
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

    /// After a round in which no sentinel named a server: asks the host whether and when to begin
    /// another one. Like ioredis, this counts as no failure: no connection has been tried.
    async fn search_on(&mut self, error: &Error) -> Result<(), Over> {
        self.calls.go_offline();
        if self.calls.is_empty() {
            return Ok(());
        }
        self.rounds = self.rounds.saturating_add(1);
        let question = self.host.sentinel_retry_delay(self.rounds);
        if let Some(delay) = attend(&mut self.calls, question).await?.ok().flatten() {
            self.next_attempt = Some(Instant::now() + delay);
        } else {
            self.rounds = 0;
            let cause = || error.cause().cloned().map(Box::new);
            self.calls
                .reject_all(|ambiguous| Error::SentinelsUnreachable {
                    ambiguous,
                    cause: cause(),
                });
        }
        Ok(())
    }
}

async fn connect(
    settings: &Settings,
    host: &dyn Host,
    scripts: &[&'static Script],
    sentinels: &mut Sentinels,
) -> Result<Wire, Refusal> {
    let opened = match dial(settings, host, sentinels).await {
        Ok(transport) => greet(transport, settings, scripts).await,
        Err(error @ Error::Settings(_)) => Err(Refusal::Final(error)),
        Err(error @ Error::SentinelsUnreachable { .. }) => match settings.route {
            Route::Sentinel(_) => return Err(Refusal::Unnamed(error)),
            // The client's own connector has asked them again as often as it wanted.
            _ => Err(Refusal::Final(error)),
        },
        Err(error) => Err(Refusal::Passing(error)),
    };
    match &opened {
        Ok(_) => sentinels.trust(),
        Err(_) => sentinels.distrust(),
    }
    opened
}

async fn greet(
    transport: Transport,
    settings: &Settings,
    scripts: &[&'static Script],
) -> Result<Wire, Refusal> {
    let mut wire = handshake(transport, settings, scripts).await?;
    if let Route::Sentinel(route) = &settings.route {
        let checked = check_role(&mut wire, route, settings).await;
        checked.map_err(Refusal::Passing)?;
    }
    Ok(wire)
}

/// The nodes of a cluster contradict each other.
fn lost_in_cluster() -> Error {
    Error::Connect {
        code: "ECONNFAILED".into(),
        text: format!(
            "The cluster has passed us on {MAX_REDIRECTIONS} times, and no node serves the keys"
        ),
    }
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
