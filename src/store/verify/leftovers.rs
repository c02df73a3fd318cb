//! What the JavaScript version's `resolve` wrote without the client's `keyPrefix`: entries in the
//! status indexes of namespaces, under the name that the store has without it.
//!
//! A store without that prefix may live there, and so may leftovers of other prefixes. So an entry
//! is ours only if its record is in this store and in no store of that other name.

use super::Step;
use super::check::{Check, run};
use super::report::{Kind, Report};
use crate::error::Error;
use crate::store::chunks::{extracts, tolerant};
use crate::store::dialogue::Command;
use crate::store::keys::Keys;
use crate::store::reply::{array, bytes};

impl Step {
    /// Looks at entries of the unprefixed store's indexes: key and id.
    pub(super) async fn leftovers(
        &self,
        unprefixed: &Keys,
        entries: Vec<(Vec<u8>, Vec<u8>)>,
        report: &mut Report,
    ) -> Result<(), Error> {
        report.entries += entries.len() as u64;
        let with = |prefix: &[u8], id: &[u8]| [prefix, id].concat();
        let (theirs, ours) = (unprefixed.request(""), self.keys.request(""));
        let keys: Vec<Vec<u8>> = entries.iter().map(|(_, id)| with(&ours, id)).collect();
        let checks = extracts(&self.talk, &keys, |at, stored| {
            let (index, id) = &entries[at];
            Check::new(id)
                .while_same(keys[at].clone(), Some(&stored))
                .while_blank(with(&theirs, id))
                .no_entry(index.clone(), Kind::UnprefixedEntry)
        });
        let checks = checks.await?.into_iter().flatten().collect();
        run(self, checks, report).await
    }

    /// Pages of sorted sets: for each its members and the cursor to go on from, if there are more.
    /// A key of another type by now has none.
    pub(super) async fn members(
        &self,
        wanted: &[(Vec<u8>, String)],
    ) -> Result<Vec<(Vec<Vec<u8>>, Option<String>)>, Error> {
        const MEMBERS: &[u8] = b"128";
        let request = wanted.iter().map(|(key, cursor)| {
            Command::new(&[b"ZSCAN", key, cursor.as_bytes(), b"COUNT", MEMBERS])
        });
        let replies = tolerant(self.talk.ask(request.collect()).await.values)?;
        let pages = replies.into_iter().map(|reply| {
            let mut parts = array(reply).unwrap_or_default().into_iter();
            let cursor = parts.next().and_then(bytes).unwrap_or_default();
            let cursor = String::from_utf8_lossy(&cursor).into_owned();
            let members = parts.next().and_then(array).unwrap_or_default();
            let ids = members.into_iter().step_by(2).filter_map(bytes).collect();
            (ids, (cursor != "0" && !cursor.is_empty()).then_some(cursor))
        });
        Ok(pages.collect())
    }
}
