//! Opens the byte stream to the server.
//!
//! Everything behind this wall works on a [`Transport`] and does not care what it is: a socket to
//! a known place or to one that sentinels name, with or without TLS, or a stream carried by
//! JavaScript.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::host::{Host, Transport};
use super::sentinel::{Sentinels, Watched};
use super::settings::{Address, Route, Settings};
use super::tls;
use crate::error::Error;
use crate::fault;

/// Opens the stream that `settings` describe, within their `connectTimeout`.
pub(super) async fn dial(
    settings: &Settings,
    host: &dyn Host,
    sentinels: &mut Sentinels,
) -> Result<Transport, Error> {
    fault::point("dial");
    match &settings.route {
        Route::Direct(address) => secured(address, settings, host).await,
        Route::Sentinel(route) => {
            let server = sentinels.discover(route, settings).await?;
            let transport = secured(&server, settings, host).await?;
            let signs = sentinels.signs(route, settings, &server);
            Ok(Box::new(Watched::new(transport, signs)))
        }
        Route::Carried => carried(settings, host).await,
    }
}

/// Opens a stream to the server at `address`. OpenSSL can do more than rustls, so where we and the
/// server do not agree on TLS the last word is that of the caller's own connector, which demands
/// all that its settings demand.
async fn secured(
    address: &Address,
    settings: &Settings,
    host: &dyn Host,
) -> Result<Transport, Error> {
    match direct(address, settings).await {
        Err(refusal @ Error::Tls { .. }) => {
            let opened = carried(settings, host).await;
            opened.map_err(|theirs| match theirs {
                Error::Connect { .. } if tls::is_vague(&refusal) => theirs,
                _ => refusal,
            })
        }
        opened => opened,
    }
}

/// Lets the caller's own connector open a stream.
async fn carried(settings: &Settings, host: &dyn Host) -> Result<Transport, Error> {
    let stream = within(deadline(settings), host.open_stream()).await?;
    stream.unwrap_or(Err(Error::ConnectionClosed { ambiguous: false }))
}

/// Opens a stream to a known place, with TLS if the settings have some.
pub(super) async fn direct(address: &Address, settings: &Settings) -> Result<Transport, Error> {
    let deadline = deadline(settings);
    let stream = socket(address, settings, deadline).await?;
    match &settings.tls {
        Some(tls) => within(deadline, tls::secure(stream, tls, address)).await?,
        None => Ok(stream),
    }
}

async fn socket(
    address: &Address,
    settings: &Settings,
    deadline: Option<Instant>,
) -> Result<Transport, Error> {
    match address {
        Address::Tcp { host, port, family } => {
            let stream = tcp(host, *port, *family, deadline).await?;
            tune(&stream, settings);
            Ok(Box::new(stream))
        }
        Address::Unix { path } => unix(path, deadline).await,
    }
}

/// When a stream must be open that is begun now.
fn deadline(settings: &Settings) -> Option<Instant> {
    limit(settings.connect_timeout).map(|limit| Instant::now() + limit)
}

/// A limit as ioredis reads it: nothing and zero are none.
pub(super) fn limit(milliseconds: Option<u64>) -> Option<Duration> {
    milliseconds
        .filter(|&limit| limit > 0)
        .map(Duration::from_millis)
}

/// What ioredis says when `connectTimeout` has passed.
pub(super) fn timed_out() -> Error {
    Error::Connect {
        code: "ETIMEDOUT".into(),
        text: "connect ETIMEDOUT".to_owned(),
    }
}

/// Tries the addresses of `host` one after the other; the error is that of the last one.
async fn tcp(
    host: &str,
    port: u16,
    family: u8,
    deadline: Option<Instant>,
) -> Result<TcpStream, Error> {
    let addresses = within(deadline, resolve(host, port, family)).await??;
    let mut failure = unresolved(host);
    for (tried, &address) in addresses.iter().enumerate() {
        // An address that swallows packets must leave time for those behind it.
        let share = deadline.map(|deadline| {
            let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            Instant::now() + deadline.saturating_duration_since(Instant::now()) / left
        });
        match within(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = Error::connect(&error, &address.to_string()),
            Err(late) => failure = late,
        }
    }
    Err(failure)
}

/// The addresses of a name, of the wanted family. An address stands for itself whatever the
/// family is, as in Node.
async fn resolve(host: &str, port: u16, family: u8) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = tokio::net::lookup_host((host, port)).await;
    let found = found.map_err(|error| {
        if error.to_string().contains("Temporary failure") {
            lookup_failure("EAI_AGAIN", host)
        } else {
            unresolved(host)
        }
    })?;
    let wanted = |address: &SocketAddr| match family {
        4 => address.is_ipv4(),
        6 => address.is_ipv6(),
        _ => true,
    };
    Ok(found.filter(wanted).collect())
}

fn unresolved(host: &str) -> Error {
    lookup_failure("ENOTFOUND", host)
}

fn lookup_failure(code: &'static str, host: &str) -> Error {
    Error::Connect {
        code: code.into(),
        text: format!("getaddrinfo {code} {host}"),
    }
}

async fn within<F: Future>(deadline: Option<Instant>, work: F) -> Result<F::Output, Error> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.map_err(|_| timed_out()),
        None => Ok(work.await),
    }
}

/// The socket options that ioredis sets, with the values that Node gives them: keepalive is
/// always on, and `keepAlive` in whole seconds, unless zero, replaces the system's timing
/// (probes then follow each other by a second, and the tenth unanswered one ends it). What a system
/// does not know stays as it is, as in Node: Windows counts probes since one of the versions 10.
fn tune(stream: &TcpStream, settings: &Settings) {
    let _ = stream.set_nodelay(settings.no_delay);
    let socket = SockRef::from(stream);
    let _ = socket.set_keepalive(true);
    let idle = Duration::from_secs(settings.keep_alive / 1000);
    if !idle.is_zero() {
        let second = Duration::from_secs(1);
        let keepalive = TcpKeepalive::new().with_time(idle);
        let _ = socket.set_tcp_keepalive(&keepalive.with_interval(second).with_retries(10));
    }
}

#[cfg(unix)]
async fn unix(path: &str, deadline: Option<Instant>) -> Result<Transport, Error> {
    let stream = within(deadline, tokio::net::UnixStream::connect(path)).await?;
    Ok(Box::new(
        stream.map_err(|error| Error::connect(&error, path))?,
    ))
}

#[cfg(not(unix))]
async fn unix(path: &str, _deadline: Option<Instant>) -> Result<Transport, Error> {
    Err(Error::Settings(format!(
        "The client's path \"{path}\" names a Unix socket, which this platform does not have"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings with these values of `noDelay` and `keepAlive`.
    fn settings(no_delay: bool, keep_alive: u64) -> Settings {
        let json = format!(
            r#"{{"route": "carried", "noDelay": {no_delay}, "keepAlive": {keep_alive},
                "enableOfflineQueue": true, "autoResendUnfulfilledCommands": true,
                "enableReadyCheck": true, "maxLoadingRetryTime": 0}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri opens no sockets")]
    fn no_delay_and_keep_alive_are_what_the_settings_say() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            for no_delay in [true, false] {
                let stream = TcpStream::connect(address).await.unwrap();
                tune(&stream, &settings(no_delay, 7_900));
                assert_eq!(stream.nodelay().unwrap(), no_delay);
                let socket = SockRef::from(&stream);
                assert!(socket.keepalive().unwrap());
                #[cfg(unix)]
                assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(7));
            }
        });
    }
}
