//! The one error of the core: what happened, whether it may be tried again, and whether the
//! server may have acted all the same.
//!
//! No variant ever holds a password, a token or user content. Ids are fine, and so is the
//! server's own text once [`Error::server`] has cut the places where it echoes arguments.

use std::borrow::Cow;
use std::io;

mod redaction;

/// What an operation, a command or a connection can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `resolve` or `setExternalId` on an id that no record has.
    #[error("Unknown human request \"{0}\"")]
    UnknownRequest(String),
    /// `resolve` on a request that somebody else has decided.
    #[error("Human request \"{0}\" is already resolved")]
    AlreadyResolved(String),
    /// `create` with the id of another request.
    #[error("Human request \"{0}\" already exists")]
    RequestExists(String),
    /// `create` with the resume token of a live request, which is named.
    #[error("Resume token already belongs to human request \"{0}\"")]
    TokenTaken(String),
    /// `setBatchExternalId` on an id that no batch has.
    #[error("Unknown batch \"{0}\"")]
    UnknownBatch(String),
    /// `createBatch` with the id of another batch.
    #[error("Batch \"{0}\" already exists")]
    BatchExists(String),
    /// `setNotifyDeliveryExternalId` on an id that no delivery has.
    #[error("Unknown notify delivery \"{0}\"")]
    UnknownDelivery(String),
    /// `createNotifyDelivery` with the id of another delivery.
    #[error("Notify delivery \"{0}\" already exists")]
    DeliveryExists(String),
    /// `appendTimeline` with the id of another entry.
    #[error("Timeline entry \"{0}\" already exists")]
    EntryExists(String),
    /// A cursor whose position is gone from the index and whose date cannot be read.
    #[error("Invalid inbox cursor \"{0}\"")]
    InvalidCursor(String),
    /// A stored record is no JSON object. `kind` is "human request", "batch" or the like.
    #[error("The stored {kind} \"{id}\" is corrupt: its value is not a JSON object")]
    Corrupt {
        /// What kind of record it is, in words.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// Other writers changed the record between each of our reads and writes.
    #[error("\"{0}\" was changed by other writers at every attempt; try again")]
    Contended(String),
    /// The server refused a command, in its own words.
    #[error("{text}")]
    Server {
        /// The first word of the server's text: `WRONGTYPE`, `OOM`, `NOPERM`…
        code: String,
        /// The whole text, without echoed arguments.
        text: String,
    },
    /// The server answered something that no version of it answers.
    #[error("Unexpected reply from Redis to {0}")]
    UnexpectedReply(&'static str),
    /// The caller's client has ended, or the connection was closed for good.
    #[error("Connection is closed.")]
    ConnectionClosed {
        /// The command was on its way: it may have been executed.
        ambiguous: bool,
    },
    /// The client's `commandTimeout` has passed.
    #[error("Command timed out")]
    CommandTimedOut {
        /// The command was on its way: it may have been executed.
        ambiguous: bool,
    },
    /// The client's `maxRetriesPerRequest` is used up.
    #[error(
        "Reached the max retries per request limit (which is {limit}). \
         Refer to \"maxRetriesPerRequest\" option for details."
    )]
    MaxRetries {
        /// The limit that the client set.
        limit: u32,
        /// The command had been sent at least once: it may have been executed.
        ambiguous: bool,
        /// Why the last connection failed.
        cause: Option<Box<Error>>,
    },
    /// No sentinel names a server, and the client's `sentinelRetryStrategy` gives up.
    #[error(
        "All sentinels are unreachable and retry is disabled.{}",
        cause.as_ref().map(|cause| format!(" Last error: {cause}")).unwrap_or_default()
    )]
    SentinelsUnreachable {
        /// The command had been sent at least once: it may have been executed.
        ambiguous: bool,
        /// Why the last sentinel could not tell.
        cause: Option<Box<Error>>,
    },
    /// The client has `enableOfflineQueue: false` and there is no connection now.
    #[error("Stream isn't writeable and enableOfflineQueue options is false")]
    Offline,
    /// A connection could not be opened, or broke.
    #[error("{text}")]
    Connect {
        /// As Node names it: `ECONNREFUSED`, `ETIMEDOUT`, `ENOTFOUND`…
        code: Cow<'static, str>,
        /// As Node words it: `connect ECONNREFUSED 127.0.0.1:6379`.
        text: String,
    },
    /// One side has refused the other while TLS was agreed on.
    #[error("{text}")]
    Tls {
        /// As Node names it: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`…
        code: Cow<'static, str>,
        /// As Node words it, or nearly.
        text: Cow<'static, str>,
    },
    /// The settings of the caller's client cannot be used.
    #[error("{0}")]
    Settings(String),
    /// Any of the others, of a call that had been sent before and was not answered then.
    #[error("{0}")]
    Doubtful(Box<Error>),
    /// A defect of this package: a panic was caught. The server may have acted.
    #[error("Internal error in @hitl-sdk/state-ioredis: {0}")]
    Internal(String),
}

impl Error {
    /// The stable, documented code of this error, as users see it in `error.code`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownRequest(_) => "UNKNOWN_REQUEST",
            Self::AlreadyResolved(_) => "ALREADY_RESOLVED",
            Self::RequestExists(_) => "REQUEST_EXISTS",
            Self::TokenTaken(_) => "TOKEN_TAKEN",
            Self::UnknownBatch(_) => "UNKNOWN_BATCH",
            Self::BatchExists(_) => "BATCH_EXISTS",
            Self::UnknownDelivery(_) => "UNKNOWN_DELIVERY",
            Self::DeliveryExists(_) => "DELIVERY_EXISTS",
            Self::EntryExists(_) => "ENTRY_EXISTS",
            Self::InvalidCursor(_) => "INVALID_CURSOR",
            Self::Corrupt { .. } => "CORRUPT_RECORD",
            Self::Contended(_) => "CONTENDED",
            Self::Server { code, .. } => code,
            Self::UnexpectedReply(_) => "UNEXPECTED_REPLY",
            Self::ConnectionClosed { .. } => "CONNECTION_CLOSED",
            Self::CommandTimedOut { .. } => "COMMAND_TIMEOUT",
            Self::MaxRetries { .. } => "MAX_RETRIES",
            Self::SentinelsUnreachable { .. } => "SENTINELS_UNREACHABLE",
            Self::Offline => "OFFLINE",
            Self::Connect { code, .. } | Self::Tls { code, .. } => code,
            Self::Settings(_) => "INVALID_SETTINGS",
            Self::Doubtful(error) => error.code(),
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// Whether the server may have executed the command although the call failed.
    #[must_use]
    pub fn ambiguous(&self) -> bool {
        match self {
            Self::ConnectionClosed { ambiguous }
            | Self::CommandTimedOut { ambiguous }
            | Self::MaxRetries { ambiguous, .. }
            | Self::SentinelsUnreachable { ambiguous, .. } => *ambiguous,
            Self::Doubtful(_) | Self::UnexpectedReply(_) | Self::Internal(_) => true,
            _ => false,
        }
    }

    /// This error as that of a call that had been sent before, and of which nothing is known since: a refusal is about
    /// the last sending only. What an operation itself says of the record is known, and stays.
    #[must_use]
    pub fn doubtful(self) -> Self {
        match self {
            Self::Server { .. } | Self::Connect { .. } | Self::Tls { .. } | Self::Settings(_) => {
                Self::Doubtful(Box::new(self))
            }
            known => known,
        }
    }

    /// What brought this error about, where something did.
    #[must_use]
    pub fn cause(&self) -> Option<&Error> {
        match self {
            Self::MaxRetries { cause, .. } | Self::SentinelsUnreachable { cause, .. } => {
                cause.as_deref()
            }
            Self::Doubtful(error) => error.cause(),
            _ => None,
        }
    }

    /// An error reply of the server, without the places where it echoes what it was sent.
    #[must_use]
    pub fn server(error: &redis::ServerError) -> Self {
        let said = match error.details() {
            Some(details) => format!("{} {details}", error.code()),
            None => error.code().to_owned(),
        };
        let text = redaction::redacted(&said);
        let code = text.split(' ').next().unwrap_or_default().to_owned();
        Self::Server { code, text }
    }

    /// A failure to reach `peer` (`host:port` or a socket path), worded as Node words it.
    #[must_use]
    pub fn connect(error: &io::Error, peer: &str) -> Self {
        let code = code_of(error);
        Self::Connect {
            code: code.into(),
            text: format!("connect {code} {peer}"),
        }
    }
}

/// What Node calls a failure of the system.
fn code_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "ECONNREFUSED",
        io::ErrorKind::ConnectionReset => "ECONNRESET",
        io::ErrorKind::ConnectionAborted => "ECONNABORTED",
        io::ErrorKind::TimedOut => "ETIMEDOUT",
        io::ErrorKind::NotFound => "ENOENT",
        io::ErrorKind::PermissionDenied => "EACCES",
        io::ErrorKind::HostUnreachable => "EHOSTUNREACH",
        io::ErrorKind::NetworkUnreachable => "ENETUNREACH",
        io::ErrorKind::NetworkDown => "ENETDOWN",
        io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        io::ErrorKind::BrokenPipe => "EPIPE",
        // The process has as many files open as it may: no kind of its own, and one number on every Unix.
        _ if cfg!(unix) && error.raw_os_error() == Some(24) => "EMFILE",
        _ => "ECONNFAILED",
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_failure_to_connect_has_the_name_that_node_gives_it() {
        use io::ErrorKind::{
            AddrNotAvailable, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset,
            HostUnreachable, NetworkDown, NetworkUnreachable, NotFound, Other, PermissionDenied,
            TimedOut,
        };
        let kinds = [
            (ConnectionRefused, "ECONNREFUSED"),
            (ConnectionReset, "ECONNRESET"),
            (ConnectionAborted, "ECONNABORTED"),
            (TimedOut, "ETIMEDOUT"),
            (NotFound, "ENOENT"),
            (PermissionDenied, "EACCES"),
            (HostUnreachable, "EHOSTUNREACH"),
            (NetworkUnreachable, "ENETUNREACH"),
            (NetworkDown, "ENETDOWN"),
            (AddrNotAvailable, "EADDRNOTAVAIL"),
            (BrokenPipe, "EPIPE"),
            (Other, "ECONNFAILED"),
        ]
        .map(|(kind, code)| (kind.into(), code));
        let too_many_files = (io::Error::from_raw_os_error(24), "EMFILE");
        for (error, code) in kinds.into_iter().chain([too_many_files]) {
            let error = Error::connect(&error, "redis:6379");
            assert_eq!(error.code(), code);
            assert_eq!(error.to_string(), format!("connect {code} redis:6379"));
        }
    }

    fn refusal() -> Error {
        Error::Server {
            code: "OOM".to_owned(),
            text: "OOM".to_owned(),
        }
    }

    #[test]
    fn what_is_ambiguous_says_so() {
        for ambiguous in [true, false] {
            for error in [
                Error::ConnectionClosed { ambiguous },
                Error::CommandTimedOut { ambiguous },
                Error::MaxRetries {
                    limit: 1,
                    ambiguous,
                    cause: None,
                },
                Error::SentinelsUnreachable {
                    ambiguous,
                    cause: None,
                },
            ] {
                assert_eq!(error.ambiguous(), ambiguous, "{error:?}");
            }
        }
        assert!(Error::UnexpectedReply("GET").ambiguous());
        assert!(Error::Internal(String::new()).ambiguous());
        assert!(!refusal().ambiguous());
        assert!(!Error::Offline.ambiguous());
    }

    #[test]
    fn only_a_refusal_is_doubtful_after_an_earlier_sending() {
        let doubtful = refusal().doubtful();
        assert_eq!(doubtful, Error::Doubtful(Box::new(refusal())));
        assert!(doubtful.ambiguous());
        assert_eq!(doubtful.code(), "OOM");
        let known = Error::UnknownRequest("a".to_owned());
        assert_eq!(known.clone().doubtful(), known);
    }

    #[test]
    fn an_error_knows_what_has_brought_it_about() {
        let cause = Some(Box::new(refusal()));
        let retries = Error::MaxRetries {
            limit: 1,
            ambiguous: true,
            cause: cause.clone(),
        };
        let sentinels = Error::SentinelsUnreachable {
            ambiguous: false,
            cause,
        };
        for error in [
            Error::Doubtful(Box::new(retries.clone())),
            retries,
            sentinels,
        ] {
            assert_eq!(error.cause(), Some(&refusal()), "{error:?}");
        }
        assert_eq!(refusal().cause(), None);
    }
}
