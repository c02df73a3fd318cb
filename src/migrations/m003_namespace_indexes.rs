//! `003-namespace-indexes`: every request is entered in the indexes of its namespace.
//!
//! Nobody reads these indexes before the ledger has this entry, so they are filled in place. Each
//! chunk is one script that looks at the status indexes at that very moment and does nothing once
//! the ledger has the entry: a decision is either made before and seen, or made afterwards and
//! carried out in these indexes by whoever makes it.
//!
//! The walk goes through all requests by rank, oldest first, so that it runs after what is
//! created meanwhile; the script of the last chunk enters the migration in the ledger, unless
//! something is left behind it. Ids that only a status index has are taken along before.
//!
//! A request without a readable record, or whose namespace no list can be asked for, is left out.

use std::collections::HashMap;

use super::progress::Course;
use super::scripts;
use super::store::{Answer, Facts, Halt, Store};
use super::walk::{Walk, Way};

/// Its name in the ledger.
pub const ID: &str = "003-namespace-indexes";

/// Runs the migration.
pub async fn run(store: &Store, course: &mut Course) -> Result<(), Halt> {
    take_strays(store, "pending", Way::Entries).await?;
    take_strays(store, "resolved", Way::Ranks).await?;
    let mut all = Walk::new(store, store.keys.all(), Way::Ranks);
    loop {
        let mut chunks = all.page().await?;
        let last = chunks.pop().unwrap_or_default();
        for ids in chunks {
            enter(store, &ids, None).await?;
            course.advance(ids.len());
        }
        let end = all.is_over().then(|| all.rank());
        course.advance(last.len());
        enter(store, &last, end).await?;
    }
}

/// Enters the ids of a status index that are not among all requests.
async fn take_strays(store: &Store, status: &str, way: Way) -> Result<(), Halt> {
    let keys = vec![store.keys.migrations(), store.keys.all()];
    let mut listed = Walk::new(store, store.keys.status(status), way);
    while !listed.is_over() {
        for ids in listed.page().await? {
            let args = [ID.into()].into_iter().chain(ids).collect();
            let probed = store.run(&scripts::STRAYS, keys.clone(), args).await?;
            if let Answer::Ids(strays) = probed
                && !strays.is_empty()
            {
                enter(store, &strays, None).await?;
            }
        }
    }
    Ok(())
}

/// Enters a chunk of ids; `end` is how many of all requests have been met when it is the last.
async fn enter(store: &Store, ids: &[Vec<u8>], end: Option<u64>) -> Result<(), Halt> {
    let mut keys = vec![
        store.keys.migrations(),
        store.keys.all(),
        store.keys.status("pending"),
        store.keys.status("resolved"),
    ];
    let end = end.map_or_else(String::new, |end| end.to_string());
    let mut args = vec![ID.into(), end.into()];
    let mut numbers = HashMap::new();
    for Facts {
        id,
        score,
        status,
        namespace,
    } in store.facts(ids).await?
    {
        let Some(namespace) = namespace else {
            continue;
        };
        let next = numbers.len();
        let number = *numbers.entry(namespace).or_insert_with_key(|namespace| {
            keys.extend([
                store.keys.namespace(namespace),
                store.keys.namespace_status(namespace, "pending"),
                store.keys.namespace_status(namespace, "resolved"),
            ]);
            next
        });
        args.extend([
            id,
            score.to_string().into(),
            number.to_string().into(),
            status.into(),
        ]);
    }
    store.run(&scripts::INDEX, keys, args).await?;
    Ok(())
}
