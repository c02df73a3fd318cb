//! Making sure that a store has the present layout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::Value;

use super::progress::Course;
use super::store::{Halt, Store, strings};
use super::{LEDGER, m001_initial, m002_sorted_indexes, m003_namespace_indexes, scripts};
use crate::connection::{CommandWriter, Gate, Operation, Outcome, Remark, Step};
use crate::error::Error;
use crate::store::dialogue::{Command, Dialogue, Talk};
use crate::store::keys::Keys;

/// Lets calls pass once the layout of their store is the present one.
///
/// Only success is remembered: a server that was down, full or forbidding is asked again.
pub struct SchemaGate {
    keys: Arc<Keys>,
    open: Arc<AtomicBool>,
}

impl SchemaGate {
    /// The gate of a store, closed.
    #[must_use]
    pub fn new(keys: Arc<Keys>) -> Self {
        Self {
            keys,
            open: Arc::default(),
        }
    }

    /// The operation that asks the server, whether or not the gate is open, and opens it.
    #[must_use]
    pub fn ensure(&self) -> Ensure {
        let keys = Arc::clone(&self.keys);
        Ensure {
            dialogue: Dialogue::alone(|talk| async move {
                migrate(keys, talk).await.map(|()| Outcome::Done)
            }),
            open: Arc::clone(&self.open),
        }
    }
}

impl Gate for SchemaGate {
    fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    fn opening(&self) -> Box<dyn Operation> {
        Box::new(self.ensure())
    }
}

/// Applies the missing migrations. One round trip where none is missing, two on an empty store.
pub struct Ensure {
    dialogue: Dialogue,
    open: Arc<AtomicBool>,
}

impl Operation for Ensure {
    fn write(&mut self, out: &mut CommandWriter<'_>, resend: bool) {
        self.dialogue.write(out, resend);
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        let step = self.dialogue.read(replies);
        if let Step::Over(Ok(_)) = step {
            self.open.store(true, Ordering::Release);
        }
        step
    }

    fn is_read(&self) -> bool {
        self.dialogue.is_read()
    }

    fn remarks(&mut self) -> Vec<Remark> {
        self.dialogue.remarks()
    }
}

async fn migrate(keys: Arc<Keys>, talk: Talk) -> Result<(), Error> {
    let store = Store { keys, talk };
    let ledger = ledger(&store).await?;
    let has = |id: &str| ledger.iter().any(|member| member == id.as_bytes());
    let missing = |id: &str| !has(id);
    if has(m002_sorted_indexes::ID) && has(m002_sorted_indexes::UNFINISHED) {
        // The indexes are in use and as good as their writers left them: a refusal to tidy up
        // is no reason to keep anybody waiting. The next start tries again.
        drop(m002_sorted_indexes::clear(&store).await);
    }
    if !LEDGER.iter().any(|id| missing(id)) {
        return Ok(());
    }
    if stamp(&store).await? {
        return Ok(());
    }
    for id in LEDGER.into_iter().filter(|id| missing(id)) {
        let mut course = Course::start(&store, id).await?;
        let run = match id {
            m001_initial::ID => m001_initial::run(&store).await,
            m002_sorted_indexes::ID => m002_sorted_indexes::run(&store, &mut course).await,
            _ => m003_namespace_indexes::run(&store, &mut course).await,
        };
        match run {
            Ok(()) | Err(Halt::Applied) => course.finish(),
            Err(Halt::Failed(error)) => return Err(during(id, error)),
        }
    }
    Ok(())
}

/// The members of the ledger.
async fn ledger(store: &Store) -> Result<Vec<Vec<u8>>, Error> {
    let ledger = store.keys.migrations();
    let reply = store
        .ask(vec![Command::new(&[b"SMEMBERS", &ledger])])
        .await?;
    match reply.into_iter().next() {
        Some(Value::Array(members) | Value::Set(members)) => Ok(strings(members)),
        _ => Err(Error::UnexpectedReply("SMEMBERS")),
    }
}

/// Enters all migrations in the ledger of an empty store; `false` where the store is not empty.
async fn stamp(store: &Store) -> Result<bool, Error> {
    let keys = [
        store.keys.migrations(),
        store.keys.all(),
        store.keys.status("pending"),
        store.keys.status("resolved"),
    ];
    let keys = keys
        .into_iter()
        .chain(m002_sorted_indexes::leftovers(&store.keys));
    let ids = LEDGER.iter().map(|id| id.as_bytes().to_vec());
    let stamp = Command::Script(&scripts::STAMP, keys.collect(), ids.collect());
    let reply = store.ask(vec![stamp]).await?;
    Ok(matches!(reply[..], [Value::Int(1)]))
}

/// Names the migration that the server has refused.
fn during(id: &str, error: Error) -> Error {
    match error {
        Error::Server { code, text } => Error::Server {
            code,
            text: format!("{text} (migration {id})"),
        },
        other => other,
    }
}
