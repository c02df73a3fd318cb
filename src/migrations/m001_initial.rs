//! `001-initial`: the layout of the first version. There is nothing to rewrite.

use super::store::{Halt, Store};
use crate::store::dialogue::Command;

/// Its name in the ledger.
pub const ID: &str = "001-initial";

/// Enters it in the ledger.
pub async fn run(store: &Store) -> Result<(), Halt> {
    let ledger = store.keys.migrations();
    store
        .ask(vec![Command::new(&[b"SADD", &ledger, ID.as_bytes()])])
        .await?;
    Ok(())
}
