//! What the caller's ioredis client says about the server and about patience.

use std::fmt;

use serde::Deserialize;

/// The settings of one connection, as read from the client just before it is opened.
/// Times are in milliseconds.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Where the server listens.
    pub address: Address,
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
    /// After how many failed connections waiting calls are rejected; absent: never.
    pub max_retries_per_request: Option<u32>,
    /// Whether calls wait for a connection.
    pub enable_offline_queue: bool,
    /// Whether unanswered commands are sent again on the next connection.
    pub auto_resend_unfulfilled_commands: bool,
}

/// Where a server listens.
#[derive(Clone, Debug, Deserialize)]
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

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}
