//! `failoverDetector`: a connection that ends as soon as sentinels say that another server has
//! become the primary, and not only when the old one notices.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use redis::Value;
use socket2::Socket;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;

use super::entries::text;
use super::inquiry::{exchange, reach};
use crate::connection::host::{Stream, Transport};
use crate::connection::settings::{Address, Route, SentinelRoute, Settings};

/// Where sentinels tell everybody who the primary is.
const SWITCH: &str = "+switch-master";

/// Something that is waited for beside a connection.
pub(in crate::connection) type Sign = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream that breaks at the first of several signs.
pub(in crate::connection) struct Watched {
    transport: Transport,
    signs: Vec<Sign>,
    switched: bool,
}

impl Watched {
    pub(in crate::connection) fn new(transport: Transport, signs: Vec<Sign>) -> Self {
        Self {
            transport,
            signs,
            switched: false,
        }
    }
}

impl Stream for Watched {
    fn socket(&self) -> Option<Socket> {
        self.transport.socket()
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // What has arrived is still good.
        let read = Pin::new(&mut self.transport).poll_read(context, room);
        if read.is_ready() {
            return read;
        }
        let mut seen = |sign: &mut Sign| sign.as_mut().poll(context).is_ready();
        if self.switched || self.signs.iter_mut().any(&mut seen) {
            self.switched = true;
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}

/// Listens to a sentinel until it says that another server than `server` is the primary.
pub(super) async fn listen(sentinel: Address, server: Address, settings: Settings) {
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
