//! What those who watch are told of a migration: that it has begun, how far it is, that it is done.

use redis::Value;

use super::m003_namespace_indexes;
use super::store::Store;
use crate::connection::{Progress, Remark};
use crate::error::Error;
use crate::store::dialogue::{Command, Talk};

/// One run of one migration.
pub struct Course {
    talk: Talk,
    migration: &'static str,
    done: u64,
    total: u64,
}

impl Course {
    /// Begins a run, and counts what is ahead of it.
    pub async fn start(store: &Store, migration: &'static str) -> Result<Self, Error> {
        let course = Self {
            talk: store.talk.clone(),
            migration,
            done: 0,
            total: ahead(store, migration).await?,
        };
        course.tell(Progress::Started);
        Ok(course)
    }

    /// Some more entries have been treated.
    pub fn advance(&mut self, entries: usize) {
        if entries > 0 {
            self.done += entries as u64;
            self.tell(Progress::Running);
        }
    }

    /// It begins once more: others have written meanwhile.
    pub fn restart(&mut self) {
        self.done = 0;
    }

    /// The ledger has the migration.
    pub fn finish(self) {
        self.tell(Progress::Finished);
    }

    fn tell(&self, progress: Progress) {
        self.talk.remark(Remark::Migration {
            migration: self.migration,
            progress,
            done: self.done,
            total: self.total,
        });
    }
}

/// How many index entries a migration is going to treat. An index that is of the other type, which
/// it leaves alone or has yet to make, counts as none.
async fn ahead(store: &Store, migration: &str) -> Result<u64, Error> {
    let all = store.keys.all();
    let count = |command: &str, key: &[u8]| Command::new(&[command.as_bytes(), key]);
    let request = match migration {
        super::m001_initial::ID => return Ok(0),
        m003_namespace_indexes::ID => vec![count("ZCARD", &all)],
        _ => vec![
            count("SCARD", &all),
            count("SCARD", &store.keys.status("pending")),
            count("SCARD", &store.keys.status("resolved")),
        ],
    };
    let replies = store.talk.ask(request).await.values;
    let counts = replies.into_iter().filter_map(|reply| match reply {
        Value::Int(count) => u64::try_from(count).ok(),
        _ => None,
    });
    Ok(counts.sum())
}
