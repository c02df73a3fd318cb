//! The patience of calls, as the settings have it.

use std::time::Duration;

use crate::connection::settings::Settings;
use crate::connection::verdict::Expectations;

/// What the settings say about the patience of calls.
pub(super) struct Terms {
    pub(super) command_timeout: Option<Duration>,
    pub(super) max_retries: Option<u32>,
    pub(super) offline_queue: bool,
    pub(super) auto_resend: bool,
    /// How long a server may say that it cannot serve now.
    pub(super) hindrance: Duration,
    /// Whether the client is asked about refusals.
    pub(super) reactions: bool,
    pub(super) expectations: Expectations,
}

impl Terms {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            command_timeout: settings.command_timeout.map(Duration::from_millis),
            max_retries: settings.max_retries_per_request,
            offline_queue: settings.enable_offline_queue,
            auto_resend: settings.auto_resend_unfulfilled_commands,
            hindrance: Duration::from_millis(settings.max_loading_retry_time),
            reactions: settings.reconnect_on_error,
            expectations: Expectations::of(settings),
        }
    }
}

/// Before the client has said anything, every call waits to be sent.
impl Default for Terms {
    fn default() -> Self {
        Self {
            command_timeout: None,
            max_retries: None,
            offline_queue: true,
            auto_resend: true,
            hindrance: Duration::ZERO,
            reactions: false,
            expectations: Expectations::default(),
        }
    }
}
