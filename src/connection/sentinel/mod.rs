//! Servers that sentinels name: which sentinel is asked, and what is made of its answer.
//!
//! Sentinels are asked one after the other, the one that was right last time first (`inquiry`).
//! What they say is believed only if the server that they name plays the role itself. Where the
//! settings want it, they are listened to as long as a connection lives (`switch`).

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::inquiry::{Answer, ask};
use self::switch::{Sign, listen};
use super::settings::{Address, Route, SentinelRoute, Settings};
use crate::error::Error;
use crate::fault;

mod entries;
mod inquiry;
mod switch;

pub(super) use self::inquiry::check_role;
pub(super) use self::switch::Watched;

/// How long sentinels are left in peace while they are asked for another primary than that which
/// has gone.
const NEWS: Duration = Duration::from_millis(100);

/// How long a sentinel may think before the others are asked first: the machine that it is on may
/// be that of the primary, and gone with it.
const HASTE: Duration = Duration::from_millis(500);

/// The sentinels of a link, as known from all its connections.
#[derive(Default)]
pub(super) struct Sentinels {
    /// Those of the settings.
    configured: Vec<Address>,
    /// Those, and what they have named. The first one is asked first.
    known: Vec<Address>,
    /// The primaries that they have named since one was ready, and that one.
    tried: Vec<Address>,
    /// The settings with which a primary was asked for, if one was named.
    settings: Option<Settings>,
}

impl Sentinels {
    /// The server that the sentinels name, or the error of the last one that could not tell.
    pub(super) async fn discover(
        &mut self,
        route: &SentinelRoute,
        settings: &Settings,
    ) -> Result<Address, Error> {
        fault::point("sentinel");
        if self.configured != route.sentinels {
            self.configured.clone_from(&route.sentinels);
            self.known.clone_from(&route.sentinels);
        }
        self.settings = None;
        let mut cause = None;
        let mut slow = Vec::new();
        for _ in 0..self.known.len() {
            match timeout(HASTE, ask(&self.known[0], route, settings)).await {
                Ok(Ok(answer)) => return Ok(self.accept(answer, settings)),
                Ok(Err(error)) => cause = Some(Box::new(error)),
                Err(_) => slow.push(self.known[0].clone()),
            }
            self.distrust();
        }
        for sentinel in slow {
            match ask(&sentinel, route, settings).await {
                Ok(answer) => {
                    let place = self.known.iter().position(|known| *known == sentinel);
                    self.known.rotate_left(place.unwrap_or_default());
                    return Ok(self.accept(answer, settings));
                }
                Err(error) => cause = Some(Box::new(error)),
            }
        }
        let ambiguous = false;
        Err(Error::SentinelsUnreachable { ambiguous, cause })
    }

    /// Takes the word of the first sentinel.
    fn accept(&mut self, answer: Answer, settings: &Settings) -> Address {
        if let Some(others) = answer.others {
            self.learn(others);
        }
        if !settings.replica {
            self.settings = Some(settings.clone());
            self.remember(answer.server.clone());
        }
        answer.server
    }

    fn remember(&mut self, server: Address) {
        self.tried.retain(|tried| *tried != server);
        self.tried.push(server);
    }

    /// What tells that the server is not the primary any more, where the settings want to know.
    pub(super) fn signs(
        &self,
        route: &SentinelRoute,
        settings: &Settings,
        server: &Address,
    ) -> Vec<Sign> {
        let most = route
            .detector
            .as_ref()
            .map_or(0, |detector| detector.sentinels);
        let listened = self.known.iter().take(most);
        listened
            .map(|sentinel| {
                let listening = listen(sentinel.clone(), server.clone(), settings.clone());
                Box::pin(listening) as Sign
            })
            .collect()
    }

    /// The server that was named last is ready.
    pub(super) fn trust(&mut self) {
        self.tried.drain(..self.tried.len().saturating_sub(1));
    }

    /// Waits for the next attempt, which comes at once when a primary is named that has not been
    /// tried: what `retryStrategy` says is about the one that has gone.
    pub(super) async fn pause(&mut self, until: Instant) {
        let news = async {
            match self.settings.take() {
                Some(settings) => self.news(&settings).await,
                None => pending().await,
            }
        };
        // Either of them ends the pause.
        drop(timeout_at(until, news).await);
    }

    /// Asks one sentinel after the other, until one names a primary that has not been tried.
    async fn news(&mut self, settings: &Settings) {
        let Route::Sentinel(route) = &settings.route else {
            return;
        };
        loop {
            sleep(NEWS).await;
            let answer = timeout(HASTE, ask(&self.known[0], route, settings)).await;
            match answer {
                Ok(Ok(answer)) if !self.tried.contains(&answer.server) => {
                    return self.remember(answer.server);
                }
                _ => self.distrust(),
            }
        }
    }

    /// The server that the first sentinel has named was of no use: another one is asked first.
    pub(super) fn distrust(&mut self) {
        if !self.known.is_empty() {
            self.known.rotate_left(1);
        }
    }

    /// Remembers what the first sentinel has said of the others. Sentinels that are gone are
    /// forgotten, unless the settings name them.
    fn learn(&mut self, others: Vec<Address>) {
        self.known.truncate(1);
        for other in self.configured.iter().cloned().chain(others) {
            if !self.known.iter().any(|known| same_place(known, &other)) {
                self.known.push(other);
            }
        }
    }
}

fn same_place(one: &Address, other: &Address) -> bool {
    one.to_string() == other.to_string()
}
