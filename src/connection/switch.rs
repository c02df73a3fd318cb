//! `failoverDetector`: a connection that ends as soon as sentinels say that another server has
//! become the primary, and not only when the old one notices.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::host::Transport;

/// Something that is waited for beside a connection.
pub(super) type Sign = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream that breaks at the first of several signs.
pub(super) struct Watched {
    transport: Transport,
    signs: Vec<Sign>,
    switched: bool,
}

impl Watched {
    pub(super) fn new(transport: Transport, signs: Vec<Sign>) -> Self {
        Self {
            transport,
            signs,
            switched: false,
        }
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
