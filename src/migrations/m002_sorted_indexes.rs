//! `002-sorted-indexes`: the plain sets of layout 1 become sorted sets by creation time.
//!
//! Each plain set is copied, chunk by chunk, into a replacement under `meta:`. One script then
//! renames all three plain sets away and the replacements into their places, so that readers
//! meet either the old indexes or the new ones, each of them whole. What older writers added or
//! moved while the replacements were being built is found afterwards in the plain sets; the same
//! pass completes what a crashed run of the JavaScript version, which deletes before it copies,
//! has left. Only then comes the ledger entry, together with the end of the plain sets.
//!
//! The keys under `meta:` are shared by all replicas that migrate at once. Entries are only ever
//! added to a replacement, always with the same score, and only while its index is a plain set:
//! what a slow replica sends late finds that it is not, and changes nothing.
//!
//! Members stay where they were: whatever is pending in layout 1 is pending in layout 2, also
//! where its record says otherwise, is corrupt, or is missing. The last two have score 0.

use super::progress::Course;
use super::scripts;
use super::store::{Answer, Halt, IDS, Store};
use super::walk::{Walk, Way};
use crate::error::Error;
use crate::store::dialogue::Command;
use crate::store::keys::Keys;

/// Its name in the ledger.
pub const ID: &str = "002-sorted-indexes";

/// The ledger has this entry as long as a run may have left keys behind: so one command tells
/// a current and tidy store. The JavaScript version ignores entries that it does not know.
pub const UNFINISHED: &str = "002-sorted-indexes:unfinished";

/// How often the replacements are built before somebody else is to blame.
const ATTEMPTS: usize = 8;

/// How many members a replacement may lack from the second attempt on. Writers of layout 1 may
/// never leave a moment in which it lacks none; what it lacks is in the plain set, and completed.
const TOLERANCE: usize = IDS;

/// One index and the keys that its migration needs.
struct Index {
    key: Vec<u8>,
    /// The sorted set that is going to replace it.
    replacement: Vec<u8>,
    /// Where the plain set goes.
    plain: Vec<u8>,
}

/// The three indexes: pending, resolved, all.
struct Indexes([Index; 3]);

impl Indexes {
    fn new(keys: &Keys) -> Self {
        let index = |key, name: &str| Index {
            key,
            replacement: keys.meta(&format!("{ID}:new:{name}")),
            plain: keys.meta(&format!("{ID}:old:{name}")),
        };
        Self([
            index(keys.status("pending"), "pending"),
            index(keys.status("resolved"), "resolved"),
            index(keys.all(), "all"),
        ])
    }

    fn flat(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.0
            .iter()
            .flat_map(|index| [&index.key, &index.replacement, &index.plain])
    }

    /// For a script: the ledger, then each index with its two other keys.
    fn keys(&self, store: &Store) -> Vec<Vec<u8>> {
        let ledger = store.keys.migrations();
        [&ledger].into_iter().chain(self.flat()).cloned().collect()
    }
}

/// The keys that an unfinished run may leave behind.
pub fn leftovers(keys: &Keys) -> Vec<Vec<u8>> {
    let indexes = Indexes::new(keys).0;
    indexes
        .into_iter()
        .flat_map(|index| [index.replacement, index.plain])
        .collect()
}

/// Runs the migration.
pub async fn run(store: &Store, course: &mut Course) -> Result<(), Halt> {
    let indexes = Indexes::new(&store.keys);
    for attempt in 0..ATTEMPTS {
        course.restart();
        build(store, &indexes, course).await?;
        let keys = indexes.keys(store);
        let tolerance = if attempt == 0 { 0 } else { TOLERANCE };
        let args = vec![ID.into(), tolerance.to_string().into()];
        let switched = store.run(&scripts::SWITCH, keys, args).await?;
        if switched.is("replaced") {
            complete(store, &indexes, ID).await?;
            finish(store, &indexes).await?;
        }
    }
    Err(Error::Contended(ID.to_owned()).into())
}

/// Completes what a run left behind that somebody else has entered in the ledger.
pub async fn clear(store: &Store) -> Result<(), Halt> {
    let indexes = Indexes::new(&store.keys);
    complete(store, &indexes, "").await?;
    finish(store, &indexes).await
}

/// Builds the replacement of every index that is a plain set.
async fn build(store: &Store, indexes: &Indexes, course: &mut Course) -> Result<(), Halt> {
    let [pending, resolved, all] = &indexes.0;
    let types = store
        .types(&[&pending.key, &resolved.key, &all.key])
        .await?;
    // All requests first: their scores come from the records, those of the others from there.
    let scores = match types[2].as_str() {
        "zset" => &all.key,
        _ => &all.replacement,
    };
    for (index, kind) in indexes.0.iter().zip(&types).rev() {
        match kind.as_str() {
            "set" => replace(store, index, scores, course).await?,
            "zset" | "none" => {}
            // Draws the server's own complaint.
            _ => drop(
                store
                    .ask(vec![Command::new(&[b"SCARD", &index.key])])
                    .await?,
            ),
        }
    }
    Ok(())
}

/// Builds the replacement of one index, until somebody else has put one in its place.
async fn replace(
    store: &Store,
    index: &Index,
    scores: &[u8],
    course: &mut Course,
) -> Result<(), Halt> {
    let keys = vec![
        store.keys.migrations(),
        index.key.clone(),
        index.replacement.clone(),
    ];
    let mut members = Walk::new(store, index.key.clone(), Way::Set);
    while !members.is_over() {
        for ids in members.page().await? {
            let count = ids.len();
            let keys_and_scores = [keys.as_slice(), &[scores.to_vec()]].concat();
            let args = [ID, UNFINISHED].map(Into::into);
            let args = args.into_iter().chain(ids).collect();
            let Answer::Ids(unscored) = store.run(&scripts::COPY, keys_and_scores, args).await?
            else {
                return Ok(());
            };
            if !unscored.is_empty() {
                let args = with_scores(store, unscored).await?;
                store.run(&scripts::STAGE, keys.clone(), args).await?;
            }
            course.advance(count);
        }
    }
    Ok(())
}

/// For a script: the ledger id, then score and id of each of these.
async fn with_scores(store: &Store, ids: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Error> {
    let facts = store.facts(&ids).await?;
    let mut facts = facts.into_iter().peekable();
    let mut args = vec![ID.into()];
    for id in ids {
        // Facts come in the order of the ids, without those that have no readable record.
        let millis = facts
            .next_if(|fact| fact.id == id)
            .map_or(0, |fact| fact.score);
        args.extend([millis.to_string().into(), id]);
    }
    Ok(args)
}

/// Enters every id with a readable record that any of the old and new indexes knows among all
/// requests, and in a status index where it is in none.
async fn complete(store: &Store, indexes: &Indexes, guard: &str) -> Result<(), Halt> {
    let flat: Vec<&[u8]> = indexes.flat().map(Vec::as_slice).collect();
    let types = store.types(&flat).await?;
    for (index, types) in indexes.0.iter().zip(types.chunks(3)) {
        let [kind, replacement, plain] = [0, 1, 2].map(|at| types[at].as_str());
        if plain == "set" {
            probe(store, indexes, guard, (&index.plain, Way::Set)).await?;
        }
        // What is in an index besides its plain set is a decision that came while it was built.
        let is_pending = index.key == indexes.0[0].key;
        if kind == "zset" && (is_pending || plain != "set") {
            let way = if is_pending { Way::Entries } else { Way::Ranks };
            probe(store, indexes, guard, (&index.key, way)).await?;
        }
        if replacement == "zset" {
            probe(store, indexes, guard, (&index.replacement, Way::Ranks)).await?;
        }
    }
    Ok(())
}

/// Does so for the ids of one index.
async fn probe(
    store: &Store,
    indexes: &Indexes,
    guard: &str,
    (source, way): (&[u8], Way),
) -> Result<(), Halt> {
    let [pending, resolved, all] = &indexes.0;
    let keys = vec![
        store.keys.migrations(),
        pending.key.clone(),
        resolved.key.clone(),
        all.key.clone(),
        pending.plain.clone(),
    ];
    let mut ids = Walk::new(store, source.to_vec(), way);
    while !ids.is_over() {
        for ids in ids.page().await? {
            let args = [guard.into()].into_iter().chain(ids).collect();
            let probed = store.run(&scripts::PROBE, keys.clone(), args).await?;
            let Answer::Ids(doubtful) = probed else {
                continue;
            };
            let mut args = vec![guard.into()];
            for fact in store.facts(&doubtful).await? {
                args.extend([fact.id, fact.score.to_string().into(), fact.status.into()]);
            }
            if args.len() > 1 {
                store.run(&scripts::COMPLETE, keys.clone(), args).await?;
            }
        }
    }
    Ok(())
}

/// Writes the ledger entry and drops the plain sets, unless an older writer has made a new one.
async fn finish(store: &Store, indexes: &Indexes) -> Result<(), Halt> {
    let keys = indexes.keys(store);
    let args = vec![ID.into(), UNFINISHED.into()];
    store.run(&scripts::FINISH, keys, args).await?;
    Ok(())
}
