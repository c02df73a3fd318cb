//! The scripts of maintenance. No handshake loads them: their first use on a connection does.

use std::sync::LazyLock;

use crate::connection::Script;

macro_rules! script {
    ($(#[$doc:meta])* $name:ident = $file:literal) => {
        $(#[$doc])*
        pub static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!(
                include_str!("scripts/maintenance/rehearse.lua"),
                include_str!(concat!("scripts/maintenance/", $file))
            ))
        });
    };
}

script!(
    /// Deletes a resolved request with what belongs to it.
    PURGE = "purge.lua"
);
script!(
    /// Deletes a notify delivery of a request that is about to be deleted.
    PURGE_DELIVERY = "purge_delivery.lua"
);
script!(
    /// Compares facts about indexes with what they must be, and mends them.
    MEND = "mend.lua"
);
