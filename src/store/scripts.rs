//! The Lua scripts: one for each operation that a single command cannot do.
//!
//! Texts are constant. The shared parts stand in `scripts/include`, and each script names the
//! ones that it needs.

use std::sync::LazyLock;

use crate::connection::Script;

macro_rules! script {
    ($(#[$doc:meta])* $name:ident = $($file:literal)+) => {
        $(#[$doc])*
        pub static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!($(include_str!(concat!("scripts/", $file))),+)));
    };
}

script!(
    /// Creates a request.
    CREATE = "include/refused.lua" "include/forget.lua" "include/write.lua" "include/shape.lua" "create.lua"
);
script!(
    /// Decides a request in today's shape.
    RESOLVE = "include/refused.lua" "include/forget.lua" "include/write.lua" "include/rewrite.lua" "include/shape.lua" "include/decide.lua" "resolve.lua"
);
script!(
    /// Decides, or restores, a request that Rust has spliced.
    COMMIT_DECISION = "include/refused.lua" "include/forget.lua" "include/write.lua" "include/rewrite.lua" "include/decide.lua" "commit_decision.lua"
);
script!(
    /// Sets an external id.
    SET_EXTERNAL_ID = "include/refused.lua" "include/forget.lua" "include/rewrite.lua" "include/shape.lua" "set_external_id.lua"
);
script!(
    /// Follows an index to its request.
    FIND = "include/refused.lua" "find.lua"
);
script!(
    /// Stores a record under a free id.
    INSERT = "include/refused.lua" "insert.lua"
);
script!(
    /// Appends a timeline entry.
    APPEND_TIMELINE = "include/refused.lua" "include/forget.lua" "append_timeline.lua"
);
script!(
    /// The ids of a page.
    PAGE = "include/refused.lua" "page.lua"
);

/// All scripts of the store, for the handshake of a connection.
pub fn all() -> impl Iterator<Item = &'static Script> {
    [
        &CREATE,
        &RESOLVE,
        &COMMIT_DECISION,
        &SET_EXTERNAL_ID,
        &FIND,
        &INSERT,
        &APPEND_TIMELINE,
        &PAGE,
    ]
    .into_iter()
    .map(|script| &**script)
}
