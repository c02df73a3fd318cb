//! The scripts of maintenance. No handshake loads them: whoever begins with maintenance does.

use std::sync::LazyLock;

use super::dialogue::{Command, Talk};
use crate::connection::Script;

macro_rules! script {
    ($(#[$doc:meta])* $name:ident = $($file:literal)+) => {
        $(#[$doc])*
        pub static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!($(include_str!(concat!("scripts/", $file))),+)));
    };
}

script!(
    /// Deletes a resolved request with what belongs to it.
    PURGE = "include/refused.lua" "maintenance/rehearse.lua" "maintenance/sealed.lua" "maintenance/purge.lua"
);
script!(
    /// Deletes a notify delivery of a request that is about to be deleted.
    PURGE_DELIVERY = "include/refused.lua" "maintenance/sealed.lua" "maintenance/purge_delivery.lua"
);
script!(
    /// Compares facts about indexes with what they must be, and mends them.
    MEND = "include/refused.lua" "maintenance/rehearse.lua" "maintenance/sealed.lua" "maintenance/mend.lua"
);

/// Has the server learn scripts that are about to come in great numbers. Where it refuses, each
/// use of them finds its own way.
pub async fn load(talk: &Talk, scripts: &[&'static Script]) {
    let load = scripts
        .iter()
        .map(|script| Command::new(&[b"SCRIPT", b"LOAD", script.source.as_bytes()]));
    talk.ask(load.collect()).await;
}
