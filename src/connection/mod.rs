//! One supervised connection to Redis.
//!
//! Carries [`Operation`]s in the order in which they were submitted, over a connection that it
//! opens, watches and opens again.
//!
//! From the outside in: a [`Link`] puts calls into the `inbox`; its task, the `supervisor`,
//! opens connections (`dial`, `handshake`) and lets a `session` carry the `calls` over each of
//! them. A `carried` call waits in the `queue`, is on the wire in `flight`, and is settled.

mod alarm;
mod calls;
mod carried;
mod command;
mod dial;
mod flight;
mod handshake;
mod host;
mod inbox;
mod link;
mod notice;
mod operation;
mod output;
mod queue;
mod reply;
mod sentinel;
mod session;
mod settings;
mod shortcut;
mod supervisor;
mod tls;
mod verdict;
mod watch;
mod wire;

pub use command::{CommandWriter, Script, ScriptForm};
pub use host::{Host, Reaction, Stream, Transport};
pub use link::{Close, Link};
pub use notice::{Change, Progress, Remark};
pub use operation::{Call, Gate, Operation, Outcome, Step};
#[cfg(any(test, feature = "properties"))]
pub(crate) use reply::{Frame, parse as parse_reply};
pub use settings::{Address, Detector, Node, Replica, Route, SentinelRoute, Settings};
pub use tls::{Identity, Tls, Version, keep_authorities, keeps_authorities};
