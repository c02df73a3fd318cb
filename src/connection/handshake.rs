//! Makes an open stream a usable connection: authentication, database, names, scripts.
//!
//! All of it travels in one write. What must not be missed (credentials, the database) fails the
//! connection in the server's own words; what is a courtesy (names, preloaded scripts) is
//! ignored where it is refused, as ioredis does.

use std::time::Duration;

use redis::ServerError;
use tokio::time::{Instant, sleep, timeout};

use super::command::{CommandWriter, Script, ScriptForm};
use super::dial;
use super::host::Transport;
use super::reply::refusal;
use super::settings::{Node, Settings};
use super::verdict::moved;
use super::wire::Wire;
use crate::error::Error;
use crate::fault;

/// Waits between two questions whether the server is ready: it is loading its data, has lost its
/// primary, or a script blocks it. The last one is repeated.
const NOT_READY: [u64; 3] = [50, 100, 200];

/// `connectTimeout` of ioredis covers the opening of the socket only. A server that accepts and
/// then keeps silent must not hold callers for ever: each exchange of the handshake gets that
/// time again, and this much where the client sets none.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Trying again may help: the network, or a server that is full.
    Passing(Error),
    /// The server, or the settings, rule it out: only other settings help.
    Final(Error),
    /// It is a node of a cluster that does not serve the keys: this one does.
    Moved(Node),
    /// No sentinel names a server.
    Unnamed(Error),
}

/// Which answer belongs to which part of the handshake.
#[derive(Clone, Copy)]
enum Part {
    Auth,
    Select,
    Courtesy,
    Probe,
    /// A look at a key, whose slot's owner is looked for.
    Owner,
}

/// Greets the server over a fresh `transport`.
pub(super) async fn handshake(
    transport: Transport,
    settings: &Settings,
    scripts: &[&'static Script],
) -> Result<Wire, Refusal> {
    fault::point("handshake");
    let mut wire = Wire::new(transport);
    let mut greeting = Greeting::default();
    greeting.credentials(settings);
    greeting.courtesies(settings);
    greeting.probe(settings, scripts);
    let silence = dial::limit(settings.connect_timeout).unwrap_or(SILENCE);
    let patience = Instant::now() + Duration::from_millis(settings.max_loading_retry_time);
    let mut pauses = NOT_READY.iter().copied();
    let mut pause = 0;
    while let Some(refused) = greeting.exchange(&mut wire, silence).await? {
        if Instant::now() > patience {
            return Err(Refusal::Passing(refused));
        }
        pause = pauses.next().unwrap_or(pause);
        sleep(Duration::from_millis(pause)).await;
        // Credentials, database and names stand; the scripts were refused like the probe.
        greeting = Greeting::default();
        greeting.probe(settings, scripts);
    }
    Ok(wire)
}

/// The commands of one exchange, and what each of them is.
#[derive(Default)]
struct Greeting {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

impl Greeting {
    /// `AUTH` and `SELECT`, where the settings ask for them. Like ioredis: a user without a
    /// password has an empty one, and an empty password without a user is none.
    fn credentials(&mut self, settings: &Settings) {
        let user = settings.username.as_deref().unwrap_or_default();
        let password = settings.password.as_deref().unwrap_or_default();
        if !user.is_empty() {
            self.add(Part::Auth, &["AUTH", user, password]);
        } else if !password.is_empty() {
            self.add(Part::Auth, &["AUTH", password]);
        }
        if settings.db != 0 {
            self.add(Part::Select, &["SELECT", &settings.db.to_string()]);
        }
    }

    fn courtesies(&mut self, settings: &Settings) {
        if let Some(name) = &settings.connection_name {
            self.add(Part::Courtesy, &["CLIENT", "SETNAME", name]);
        }
        if let Some(name) = &settings.library_name {
            self.add(Part::Courtesy, &["CLIENT", "SETINFO", "LIB-NAME", name]);
        }
        if let Some(version) = &settings.library_version {
            self.add(Part::Courtesy, &["CLIENT", "SETINFO", "LIB-VER", version]);
        }
        if settings.read_only {
            self.add(Part::Courtesy, &["READONLY"]);
        }
    }

    /// `PING` tells whether the server serves. A script that cannot be loaded now is sent with
    /// its first use. Without the ready check none of it is sent: there are proxies that hang up
    /// on a client that says more than the caller's.
    fn probe(&mut self, settings: &Settings, scripts: &[&'static Script]) {
        if let Some(key) = &settings.cluster_key {
            self.add(Part::Owner, &["EXISTS", key]);
        }
        if !settings.enable_ready_check {
            return;
        }
        self.add(Part::Probe, &["PING"]);
        for script in scripts {
            self.add(Part::Courtesy, &["SCRIPT", "LOAD", script.source]);
        }
    }

    fn add(&mut self, part: Part, args: &[&str]) {
        let mut writer = CommandWriter::new(&mut self.bytes, ScriptForm::Sha);
        writer.command(args.iter().map(|arg| arg.as_bytes()));
        self.parts.push(part);
    }

    /// What the server said if it cannot serve now.
    async fn exchange(&self, wire: &mut Wire, silence: Duration) -> Result<Option<Error>, Refusal> {
        let replies = timeout(silence, wire.exchange(&self.bytes, self.parts.len())).await;
        let (replies, lost) = replies.map_err(|_| Refusal::Passing(dial::timed_out()))?;
        let mut hindered = None;
        // What was answered before the line went dead comes first: it may say why it did.
        for (part, reply) in self.parts.iter().zip(&replies) {
            match refusal(reply) {
                Some(error) if not_ready(*part, error) => hindered = Some(Error::server(error)),
                Some(error) => judge(*part, error)?,
                None => {}
            }
        }
        lost.map_or(Ok(hindered), |error| Err(Refusal::Passing(error)))
    }
}

fn not_ready(part: Part, error: &ServerError) -> bool {
    matches!(part, Part::Probe | Part::Owner)
        && matches!(error.code(), "LOADING" | "MASTERDOWN" | "BUSY")
}

/// Whether the connection can do without what has just been refused.
fn judge(part: Part, error: &ServerError) -> Result<(), Refusal> {
    let details = error.details().unwrap_or_default();
    if details.contains("max number of clients") {
        return Err(Refusal::Passing(Error::server(error)));
    }
    // A server in protected mode says so instead of answering, whatever it is asked.
    let tolerable = error.code() != "DENIED"
        && match part {
            // The three refusals of AUTH that ioredis only warns of. If credentials are needed all
            // the same, the probe says so.
            Part::Auth => [
                "no password is set",
                "without any password configured for the default user",
                "wrong number of arguments for 'auth' command",
            ]
            .iter()
            .any(|text| details.contains(text)),
            Part::Select => false,
            Part::Courtesy => true,
            Part::Owner => return owner(error),
            // A user may lack the right to PING, and a server that cannot save refuses it too.
            Part::Probe => error.code() != "NOAUTH",
        };
    if tolerable {
        Ok(())
    } else {
        Err(Refusal::Final(Error::server(error)))
    }
}

/// What a node says of a key. It owns the slot as well if the slot is about to leave it, and a
/// user who may not look at the key will hear so with the first call.
fn owner(error: &ServerError) -> Result<(), Refusal> {
    match (error.code(), moved(error)) {
        ("MOVED", Some(node)) => Err(Refusal::Moved(node)),
        ("CLUSTERDOWN", _) => Err(Refusal::Passing(Error::server(error))),
        ("NOAUTH", _) => Err(Refusal::Final(Error::server(error))),
        _ => Ok(()),
    }
}
