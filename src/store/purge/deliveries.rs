//! Notify deliveries whose group is a request, or a batch, that is going to be deleted.

use redis::Value;

use super::groups::{going_items, going_request};
use super::{Done, Step};
use crate::error::Error;
use crate::store::chunks::records;
use crate::store::decision::fingerprint;
use crate::store::dialogue::Command;
use crate::store::external_ids::property_name;
use crate::store::maintenance;
use crate::store::record::Record;
use crate::store::reply::accepted;
use crate::store::scan::scan;

use super::candidate::external_ids;

/// How many keys one step looks at.
const KEYS: usize = 1_000;

impl Step {
    /// Deletes those among the next keys; returns the cursor to go on from, if there are more.
    pub(super) async fn sweep_deliveries(
        &self,
        cursor: &str,
        done: &mut Done,
    ) -> Result<Option<String>, Error> {
        let prefix = self.keys.delivery("");
        let (next, keys) = scan(&self.talk, cursor, &prefix, KEYS).await?;
        let stored = records(&self.talk, &keys).await?;
        for (key, stored) in keys.iter().zip(stored) {
            let Some(stored) = stored else {
                continue;
            };
            let Some(script) = self.delivery(&key[prefix.len()..], &stored).await? else {
                continue;
            };
            if self.order.dry_run {
                done.deliveries += 1;
                continue;
            }
            let replies = accepted(self.talk.ask(vec![script]).await.values)?;
            done.deliveries += u64::from(matches!(replies[..], [Value::Int(1)]));
        }
        Ok(next)
    }

    /// The script that deletes this delivery, if its group is going.
    async fn delivery(&self, id: &[u8], stored: &[u8]) -> Result<Option<Command>, Error> {
        let Some(record) = Record::parse(stored) else {
            return Ok(None);
        };
        let Some(group) = record.raw("groupId").map(property_name) else {
            return Ok(None);
        };
        let keys = &self.keys;
        let (owner, index, request_id, items) =
            if let Some(request) = going_request(self, &group).await? {
                let resolved = keys.status("resolved");
                let request_key = keys.request(&group);
                (
                    (request_key, request.stored),
                    resolved,
                    group.as_str(),
                    String::new(),
                )
            } else if let Some(items) = going_items(self, &group).await? {
                let batch = keys.batch(&group);
                let stored = records(&self.talk, std::slice::from_ref(&batch)).await?;
                let Some(stored) = stored.into_iter().next().flatten() else {
                    return Ok(None);
                };
                let count = items.len().to_string();
                ((batch, stored), keys.batch_items(&group), "", count)
            } else {
                return Ok(None);
            };
        let mut declared = vec![[&keys.delivery(""), id].concat(), owner.0, index];
        let names = external_ids(&record);
        declared.extend(names.iter().map(|name| keys.delivery_external_id(name)));
        let args = vec![
            id.to_vec(),
            fingerprint(stored).into(),
            fingerprint(&owner.1).into(),
            request_id.into(),
            items.into(),
        ];
        Ok(Some(Command::Script(
            &maintenance::PURGE_DELIVERY,
            declared,
            args,
        )))
    }
}
