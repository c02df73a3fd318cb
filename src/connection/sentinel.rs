//! Servers that sentinels name: which sentinel is asked, and what is made of its answer.
//!
//! Sentinels are asked one after the other, the one that was right last time first. What they
//! say is believed only if the server that they name plays the role itself.

use std::collections::hash_map::RandomState;
use std::future::{pending, poll_fn};
use std::hash::BuildHasher;
use std::time::Duration;

use redis::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::command::{CommandWriter, ScriptForm};
use super::dial::{self, direct};
use super::handshake::{Refusal, SILENCE, handshake};
use super::reply::refusal;
use super::settings::{Address, Replica, Route, SentinelRoute, Settings};
use super::switch::Sign;
use super::wire::Wire;
use crate::error::Error;

/// How long sentinels are left in peace while they are asked for another primary than that which
/// has gone.
const NEWS: Duration = Duration::from_millis(100);

/// How long a sentinel may think before the others are asked first: the machine that it is on may
/// be that of the primary, and gone with it.
const HASTE: Duration = Duration::from_millis(500);

/// Where sentinels tell everybody who the primary is.
const SWITCH: &str = "+switch-master";

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

/// What a sentinel answers.
struct Answer {
    server: Address,
    /// The other sentinels, if it was asked for them and told.
    others: Option<Vec<Address>>,
}

impl Sentinels {
    /// The server that the sentinels name, or the error of the last one that could not tell.
    pub(super) async fn discover(
        &mut self,
        route: &SentinelRoute,
        settings: &Settings,
    ) -> Result<Address, Error> {
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

/// Makes sure that the server plays the role that the settings ask for. One that does not say is
/// believed: its user may lack the right to ask.
pub(super) async fn check_role(
    wire: &mut Wire,
    route: &SentinelRoute,
    settings: &Settings,
) -> Result<(), Error> {
    let replies = exchange(wire, &[&["ROLE"]], settings).await?;
    let Some(Value::Array(reply)) = replies.first() else {
        return Ok(());
    };
    match reply.first().and_then(text) {
        Some(role) if role != route.role => Err(Error::Connect {
            code: "ECONNFAILED".into(),
            text: format!(
                "The server that the sentinels name for \"{}\" is a {role}, not a {}",
                route.name, route.role
            ),
        }),
        _ => Ok(()),
    }
}

async fn ask(
    sentinel: &Address,
    route: &SentinelRoute,
    settings: &Settings,
) -> Result<Answer, Error> {
    let asking = async {
        let mut wire = reach(sentinel, route, settings).await?;
        inquire(&mut wire, sentinel, route, settings).await
    };
    match route.command_timeout.map(Duration::from_millis) {
        Some(limit) => timeout(limit, asking)
            .await
            .unwrap_or(Err(Error::CommandTimedOut { ambiguous: false })),
        None => asking.await,
    }
}

/// A connection to a sentinel, with its own credentials and nothing of the server's.
async fn reach(
    sentinel: &Address,
    route: &SentinelRoute,
    settings: &Settings,
) -> Result<Wire, Error> {
    let theirs = Settings {
        tls: route.tls.clone(),
        username: route.username.clone(),
        password: route.password.clone(),
        db: 0,
        connection_name: None,
        library_name: None,
        library_version: None,
        read_only: false,
        cluster_key: None,
        ..settings.clone()
    };
    let transport = direct(sentinel, &theirs).await?;
    let greeted = handshake(transport, &theirs, &[]).await;
    greeted.map_err(|refusal| match refusal {
        Refusal::Passing(error) | Refusal::Final(error) | Refusal::Unnamed(error) => error,
        Refusal::Moved(_) => Error::UnexpectedReply("PING"),
    })
}

/// Listens to a sentinel until it says that another server than `server` is the primary.
async fn listen(sentinel: Address, server: Address, settings: Settings) {
    let Route::Sentinel(route) = &settings.route else {
        return;
    };
    let subscription: &[&[&str]] = &[&["SUBSCRIBE", SWITCH]];
    loop {
        if let Ok(mut wire) = reach(&sentinel, route, &settings).await
            && exchange(&mut wire, subscription, &settings).await.is_ok()
        {
            while let Ok(message) = poll_fn(|context| wire.poll_reply(context)).await {
                let primary = switched(&message, route);
                if primary.is_some_and(|primary| settings.replica || primary != server) {
                    return;
                }
            }
        }
        match route
            .detector
            .as_ref()
            .and_then(|detector| detector.reconnect)
        {
            Some(delay) => sleep(Duration::from_millis(delay)).await,
            None => pending().await,
        }
    }
}

/// The new primary, if a message names one: "name old-host old-port host port".
fn switched(message: &Value, route: &SentinelRoute) -> Option<Address> {
    let Value::Array(message) = message else {
        return None;
    };
    let words = text(message.get(2)?)?;
    let mut words = words.split(' ');
    let name = words.next()?;
    let (host, port) = (words.nth(2)?, words.next()?.parse().ok()?);
    (name == route.name).then(|| route.reachable(host.to_owned(), port))
}

/// Asks for the server, and for the other sentinels where the settings want to know them.
async fn inquire(
    wire: &mut Wire,
    sentinel: &Address,
    route: &SentinelRoute,
    settings: &Settings,
) -> Result<Answer, Error> {
    let question = if settings.replica {
        "slaves"
    } else {
        "get-master-addr-by-name"
    };
    let questions = [
        ["SENTINEL", question, &route.name],
        ["SENTINEL", "sentinels", &route.name],
    ];
    let asked = if route.update_sentinels { 2 } else { 1 };
    let questions: Vec<&[&str]> = questions[..asked].iter().map(<[_; 3]>::as_slice).collect();
    let replies = exchange(wire, &questions, settings).await?;
    if let Some(error) = replies.first().and_then(refusal) {
        return Err(Error::server(error));
    }
    let named = match replies.first() {
        Some(Value::Array(list)) if settings.replica => pick(list, &route.preferred_replicas),
        Some(Value::Array(place)) => place_of(place.first(), place.get(1)),
        _ => None,
    };
    let others = match replies.get(1) {
        Some(Value::Array(list)) => Some(list.iter().filter_map(working_sentinel)),
        _ => None,
    };
    let reachable = |(host, port)| route.reachable(host, port);
    let server = named.map(reachable).ok_or_else(|| Error::Connect {
        code: "ENOTFOUND".into(),
        text: format!(
            "The sentinel at {sentinel} names no working {} of \"{}\"",
            route.role, route.name
        ),
    })?;
    let others = others.map(|others| others.map(reachable).collect());
    Ok(Answer { server, others })
}

/// The preferred one of the working replicas; without a preference that works, any of them.
fn pick(replicas: &[Value], preferred: &[Replica]) -> Option<(String, u16)> {
    let working: Vec<&Value> = replicas
        .iter()
        .filter(|replica| is_working(replica))
        .collect();
    let wanted = |wish: &Replica| {
        working.iter().find(|replica| {
            field(replica, "ip").as_ref() == Some(&wish.ip)
                && field(replica, "port").as_ref() == Some(&wish.port)
        })
    };
    let any = || {
        let chance = usize::try_from(RandomState::new().hash_one(())).unwrap_or_default();
        working.get(chance.checked_rem(working.len())?)
    };
    address_of(preferred.iter().find_map(wanted).or_else(any)?)
}

fn is_working(replica: &Value) -> bool {
    let down = ["disconnected", "s_down", "o_down"];
    field(replica, "flags")
        .is_some_and(|flags| !flags.is_empty() && !down.iter().any(|word| flags.contains(word)))
}

/// The address of a sentinel, unless the one that lists it has lost it.
fn working_sentinel(sentinel: &Value) -> Option<(String, u16)> {
    let flags = field(sentinel, "flags").unwrap_or_default();
    let lost = flags.split(',').any(|flag| flag == "disconnected");
    if lost { None } else { address_of(sentinel) }
}

fn address_of(entry: &Value) -> Option<(String, u16)> {
    let (ip, port) = (field(entry, "ip")?, field(entry, "port")?);
    (!ip.is_empty()).then_some((ip, port.parse().ok()?))
}

fn place_of(host: Option<&Value>, port: Option<&Value>) -> Option<(String, u16)> {
    Some((text(host?)?, text(port?)?.parse().ok()?))
}

/// A field of what sentinels list as names and values in turn.
fn field(entry: &Value, name: &str) -> Option<String> {
    let Value::Array(entry) = entry else {
        return None;
    };
    let mut pairs = entry.chunks_exact(2);
    let pair = pairs.find(|pair| text(&pair[0]).as_deref() == Some(name))?;
    text(&pair[1])
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

fn same_place(one: &Address, other: &Address) -> bool {
    one.to_string() == other.to_string()
}

/// Sends commands to a peer that must not keep silent for ever.
async fn exchange(
    wire: &mut Wire,
    commands: &[&[&str]],
    settings: &Settings,
) -> Result<Vec<Value>, Error> {
    let mut bytes = Vec::new();
    let mut writer = CommandWriter::new(&mut bytes, ScriptForm::Sha);
    for command in commands {
        writer.command(command.iter().map(|word| word.as_bytes()));
    }
    let silence = dial::limit(settings.connect_timeout).unwrap_or(SILENCE);
    let replies = timeout(silence, wire.exchange(&bytes, commands.len())).await;
    match replies.map_err(|_| dial::timed_out())? {
        (replies, None) => Ok(replies),
        (_, Some(lost)) => Err(lost),
    }
}
