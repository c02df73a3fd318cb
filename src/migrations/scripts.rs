//! The Lua scripts: one for each atomic step.

use std::sync::LazyLock;

use crate::connection::Script;

macro_rules! script {
    ($(#[$doc:meta])* $name:ident = $file:literal) => {
        $(#[$doc])*
        pub static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $file))));
    };
}

script!(
    /// Enters every migration in the ledger of an empty store.
    STAMP = "stamp.lua"
);
script!(
    /// Measures records.
    SIZES = "sizes.lua"
);
script!(
    /// Adds entries to a replacement.
    STAGE = "002_stage.lua"
);
script!(
    /// Adds entries to a replacement whose scores another index knows.
    COPY = "002_copy.lua"
);
script!(
    /// Puts the replacements in their places.
    SWITCH = "002_switch.lua"
);
script!(
    /// Finds what the sorted indexes may lack.
    PROBE = "002_probe.lua"
);
script!(
    /// Enters what the sorted indexes lack.
    COMPLETE = "002_complete.lua"
);
script!(
    /// Ends the second migration.
    FINISH = "002_finish.lua"
);
script!(
    /// Finds what the index of all requests lacks.
    STRAYS = "003_strays.lua"
);
script!(
    /// Enters requests in the indexes of their namespaces, and ends the third migration.
    INDEX = "003_index.lua"
);

/// All scripts of the migrations.
pub fn all() -> impl Iterator<Item = &'static Script> {
    [
        &STAMP, &SIZES, &STAGE, &COPY, &SWITCH, &PROBE, &COMPLETE, &FINISH, &STRAYS, &INDEX,
    ]
    .into_iter()
    .map(|script| &**script)
}
