//! What the caller's ioredis client says about the server and about patience.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::tls::Tls;

/// The settings of one connection, as read from the client just before it is opened.
/// Times are in milliseconds.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of ioredis"
)]
pub struct Settings {
    /// The way to the server.
    pub route: Route,
    /// How TLS is spoken with it; absent: not at all.
    pub tls: Option<Tls>,
    /// The ACL user, if any.
    pub username: Option<String>,
    /// The password, if any.
    pub password: Option<String>,
    /// The database number.
    #[serde(default)]
    pub db: i64,
    /// The name for `CLIENT SETNAME`.
    pub connection_name: Option<String>,
    /// The library name for `CLIENT SETINFO`; absent where the client disables it.
    pub library_name: Option<String>,
    /// The library version for `CLIENT SETINFO`.
    pub library_version: Option<String>,
    /// `TCP_NODELAY`.
    pub no_delay: bool,
    /// Idle time before TCP keepalive probes; 0: the system's default.
    pub keep_alive: u64,
    /// Limit for opening a connection; absent: none.
    pub connect_timeout: Option<u64>,
    /// Limit for a call, from its start; absent: none.
    pub command_timeout: Option<u64>,
    /// How long a peer that owes answers may stay silent; absent: four seconds.
    pub socket_timeout: Option<u64>,
    /// After how many failed connections waiting calls are rejected; absent: never.
    pub max_retries_per_request: Option<u32>,
    /// Whether calls wait for a connection.
    pub enable_offline_queue: bool,
    /// Whether unanswered commands are sent again on the next connection.
    pub auto_resend_unfulfilled_commands: bool,
    /// Whether a new connection is asked if it serves before calls are sent.
    pub enable_ready_check: bool,
    /// How long a server that cannot serve now is waited for.
    pub max_loading_retry_time: u64,
    /// Whether the connection asks for `READONLY`: a cluster's replica.
    #[serde(default)]
    pub read_only: bool,
    /// Whether sentinels are to name a replica.
    #[serde(default)]
    pub replica: bool,
    /// Whether the client wants to be asked what a refusal means for the connection.
    #[serde(default)]
    pub reconnect_on_error: bool,
    /// In a cluster: a key of the slot whose owner is looked for.
    pub cluster_key: Option<String>,
}

impl Settings {
    /// Whether the server is to be one that takes writes.
    #[must_use]
    pub fn wants_primary(&self) -> bool {
        !self.read_only && !self.replica
    }
}

/// The way to a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// To a known place.
    Direct(Address),
    /// To the server that sentinels name.
    Sentinel(Box<SentinelRoute>),
    /// Over a stream that the caller's own connector opens in JavaScript.
    Carried,
}

/// A node of a cluster, as another node named it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Node {
    /// A name or an address; empty: where the one who named it is.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// What sentinels are asked, and who asks.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentinelRoute {
    /// Where sentinels listen; they may name others.
    pub sentinels: Vec<Address>,
    /// The name under which they watch the server.
    pub name: String,
    /// `master` or `slave`: what the server itself must say that it is.
    pub role: String,
    /// The ACL user of the sentinels, if any.
    pub username: Option<String>,
    /// The password of the sentinels, if any.
    pub password: Option<String>,
    /// How TLS is spoken with the sentinels; absent: not at all.
    pub tls: Option<Tls>,
    /// Limit for the answer of a sentinel, its connection included; absent: none.
    pub command_timeout: Option<u64>,
    /// Whether the sentinels are asked for others.
    pub update_sentinels: bool,
    /// Where servers are for us that sentinels see at `host:port`.
    pub nat_map: HashMap<String, Address>,
    /// Replicas in the order in which they are wanted.
    pub preferred_replicas: Vec<Replica>,
    /// How sentinels are listened to while a connection lives; absent: not at all.
    pub detector: Option<Detector>,
}

/// How sentinels are listened to.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Detector {
    /// How many of them at most.
    pub sentinels: usize,
    /// When one that was lost is listened to again; absent: never.
    pub reconnect: Option<u64>,
}

/// A replica as sentinels list it.
#[derive(Clone, Debug, Deserialize)]
pub struct Replica {
    /// Its address.
    pub ip: String,
    /// Its port, as text.
    pub port: String,
}

impl SentinelRoute {
    /// Where the server is for us that sentinels have seen at this place.
    #[must_use]
    pub fn reachable(&self, host: String, port: u16) -> Address {
        let mapped = self.nat_map.get(&format!("{host}:{port}"));
        let family = 0;
        mapped
            .cloned()
            .unwrap_or(Address::Tcp { host, port, family })
    }
}

impl fmt::Debug for SentinelRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentinelRoute")
            .field("sentinels", &self.sentinels)
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Address {
    /// A TCP socket.
    Tcp {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
        /// 4 or 6 to use that family only, 0 for both.
        family: u8,
    },
    /// A Unix socket.
    Unix {
        /// Its path.
        path: String,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix { path } => f.write_str(path),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("route", &self.route)
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}
