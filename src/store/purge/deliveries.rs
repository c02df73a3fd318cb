//! Notify deliveries whose group is a request, or a batch, that is going to be deleted.

use redis::Value;

use super::groups::{going_items, going_request};
use super::{Done, Step};
use crate::error::Error;
use crate::store::chunks::{extracts, record};
use crate::store::dialogue::Command;
use crate::store::external_ids::property_name;
use crate::store::maintenance;
use crate::store::record::Record;
use crate::store::reply::accepted;
use crate::store::scan::scan;
use crate::store::seal::seal;

use super::candidate::external_ids;

/// How many keys one step looks at.
const KEYS: usize = 1_000;

/// What counts of a delivery.
struct Delivery {
    group: String,
    seal: String,
    external_ids: Vec<String>,
}

impl Delivery {
    fn read(stored: &[u8]) -> Option<Self> {
        let record = Record::parse(stored)?;
        Some(Self {
            group: record.raw("groupId").map(property_name)?,
            seal: seal(stored),
            external_ids: external_ids(&record),
        })
    }
}

impl Step {
    /// Deletes those among the next keys; returns the cursor to go on from, if there are more.
    pub(super) async fn sweep_deliveries(
        &self,
        cursor: &str,
        done: &mut Done,
    ) -> Result<Option<String>, Error> {
        let prefix = self.keys.delivery("");
        let (next, keys) = scan(&self.talk, cursor, &prefix, KEYS).await?;
        let found = extracts(&self.talk, &keys, |_, stored| Delivery::read(&stored));
        for (key, delivery) in keys.iter().zip(found.await?) {
            let Some(delivery) = delivery.flatten() else {
                continue;
            };
            let Some(script) = self.delivery(&key[prefix.len()..], delivery).await? else {
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
    async fn delivery(&self, id: &[u8], delivery: Delivery) -> Result<Option<Command>, Error> {
        let keys = &self.keys;
        let group = delivery.group.as_str();
        let (owner, seal, index, request_id, items) =
            if let Some(request) = going_request(self, group).await? {
                let resolved = keys.status("resolved");
                (keys.request(group), request.seal, resolved, group, None)
            } else if let Some(items) = going_items(self, group).await? {
                let Some(stored) = record(&self.talk, keys.batch(group)).await? else {
                    return Ok(None);
                };
                let index = keys.batch_items(group);
                (
                    keys.batch(group),
                    seal(&stored),
                    index,
                    "",
                    Some(items.len()),
                )
            } else {
                return Ok(None);
            };
        let mut declared = vec![[&keys.delivery(""), id].concat(), owner, index];
        let names = delivery.external_ids.iter();
        declared.extend(names.map(|name| keys.delivery_external_id(name)));
        let items = items.map_or_else(String::new, |count| count.to_string());
        let args = vec![
            id.to_vec(),
            delivery.seal.into(),
            seal.into(),
            request_id.into(),
            items.into(),
        ];
        let script = &maintenance::PURGE_DELIVERY;
        Ok(Some(Command::Script(script, declared, args)))
    }
}
