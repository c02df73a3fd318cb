//! Questions to sentinels, and to the server that they name.

use std::time::Duration;

use redis::Value;
use tokio::time::timeout;

use super::entries::{pick, place_of, text, working_sentinel};
use crate::connection::command::{CommandWriter, ScriptForm};
use crate::connection::dial::{self, direct};
use crate::connection::handshake::{Refusal, SILENCE, handshake};
use crate::connection::reply::refusal;
use crate::connection::settings::{Address, SentinelRoute, Settings};
use crate::connection::wire::Wire;
use crate::error::Error;

/// What a sentinel answers.
pub(super) struct Answer {
    pub(super) server: Address,
    /// The other sentinels, if it was asked for them and told.
    pub(super) others: Option<Vec<Address>>,
}

/// Makes sure that the server plays the role that the settings ask for. One that does not say is
/// believed: its user may lack the right to ask.
pub(in crate::connection) async fn check_role(
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

/// Asks a sentinel, within `sentinelCommandTimeout`.
pub(super) async fn ask(
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
pub(super) async fn reach(
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

/// Sends commands to a peer that must not keep silent for ever.
pub(super) async fn exchange(
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
