//! Finds out that the peer has gone silent: a network that swallows packets says nothing, and
//! TCP alone takes minutes to notice.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::alarm::Alarm;
use super::settings::Settings;
use crate::error::Error;

/// How long a peer may be silent where the client has no `socketTimeout`: found out and a new
/// connection opened within five seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a connection that nobody uses is looked after. A provider may count every command;
/// what happens to it later, the next call finds out.
const ATTENTION: Duration = Duration::from_secs(60);

/// Watches over one connection.
pub(super) struct Watch {
    /// How long a peer that owes answers may be silent.
    limit: Duration,
    heard: Instant,
    /// Since when the peer owes answers without a break.
    owing: Option<Instant>,
    /// It has been asked for a sign of life.
    asked: bool,
    /// When a call was last under way.
    used: Instant,
    /// The next look. It may come too early, never too late.
    look: Option<Instant>,
    alarm: Alarm,
}

/// What the silence calls for.
pub(super) enum Sign {
    /// A sign of life is to be asked for.
    Ask,
    /// The peer is gone.
    Gone,
}

impl Watch {
    pub(super) fn new(settings: &Settings) -> Self {
        let limit = settings.socket_timeout.map(Duration::from_millis);
        let now = Instant::now();
        Self {
            limit: limit.unwrap_or(PATIENCE),
            heard: now,
            owing: None,
            asked: false,
            used: now,
            look: None,
            alarm: Alarm::default(),
        }
    }

    /// Takes note of the state of the connection, and is ready when the silence has lasted too
    /// long.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        heard: bool,
        owing: bool,
        used: bool,
    ) -> Poll<Sign> {
        if heard || used || owing != self.owing.is_some() {
            let now = Instant::now();
            if heard {
                self.heard = now;
                self.asked = false;
            }
            if used {
                self.used = now;
            }
            self.owing = owing.then(|| self.owing.unwrap_or(now));
        }
        loop {
            let Some((moment, sign)) = self.next() else {
                self.look = None;
                return Poll::Pending;
            };
            let look = self.look.map_or(moment, |look| look.min(moment));
            self.look = Some(look);
            if self.alarm.poll(context, self.look).is_pending() {
                return Poll::Pending;
            }
            self.look = None;
            if moment <= look {
                self.asked |= matches!(sign, Sign::Ask);
                return Poll::Ready(sign);
            }
        }
    }

    /// The peer has owed an answer since then, unless it has given it already.
    pub(super) fn owe_since(&mut self, since: Instant) {
        self.owing.get_or_insert(since);
    }

    /// Whether the next look will be early enough for a call that nobody tells us about.
    pub(super) fn is_awake(&self) -> bool {
        self.look.is_some()
    }

    /// What is due next, and when. Half of the time goes to an idle peer before it is asked, and
    /// half to its answer.
    fn next(&self) -> Option<(Instant, Sign)> {
        if let Some(owing) = self.owing {
            let limit = if self.asked { PATIENCE / 2 } else { self.limit };
            return Some((owing.max(self.heard) + limit, Sign::Gone));
        }
        let ask = self.heard + PATIENCE / 2;
        (ask < self.used + ATTENTION).then_some((ask, Sign::Ask))
    }

    /// The end of a connection whose peer is silent, as ioredis words it.
    pub(super) fn silence(&self) -> Error {
        let limit = if self.asked { PATIENCE } else { self.limit }.as_millis();
        Error::Connect {
            code: "ETIMEDOUT".into(),
            text: format!("Socket timeout. Expecting data, but didn't receive any in {limit}ms."),
        }
    }
}
