//! Decisions that JavaScript replicas have undone: their records say pending again, and a witness
//! knows better.

use redis::Value;

use super::Step;
use super::check::{Check, findings};
use super::report::{Kind, Report};
use super::requests::Seen;
use crate::error::Error;
use crate::store::date;
use crate::store::decision::{Decision, Undone, score_of};
use crate::store::dialogue::Command;
use crate::store::record::Record;
use crate::store::reply::accepted;

impl Step {
    /// Restores a decision where the winner's mark says what it was. Returns the request as it is
    /// afterwards, if it can be looked at further.
    pub(super) async fn undone(
        &self,
        seen: Seen,
        report: &mut Report,
    ) -> Result<Option<Seen>, Error> {
        let key = self.keys.request(&seen.id);
        let id = seen.id.as_bytes();
        // Nobody may have moved it between the witnesses and the record.
        let resolved = self.keys.status("resolved");
        let check = Check::new(id).while_same(key.clone(), Some(&seen.stored));
        let check = if seen.is_listed {
            check.while_listed(resolved)
        } else {
            let marker = self.keys.resolve_marker(&seen.id);
            check.while_same(marker, seen.marker.as_deref())
        };
        if findings(self, &[check], false)
            .await?
            .pop()
            .flatten()
            .is_none()
        {
            return Ok(None);
        }
        let marker = seen.marker.as_deref().unwrap_or_default();
        let undone = Undone::read(&seen.stored, marker)
            .filter(|undone| undone.restorable && is_older(&seen.stored, marker));
        let Some(undone) = undone.filter(|_| self.repair) else {
            report.note(Kind::UndoneDecision, &key, id, false);
            return Ok(None);
        };
        let mended = undone.mended.clone();
        let (keys, owned) = (self.keys.clone(), seen.id.clone());
        let restore = Command::Written(Box::new(move |out| undone.write(out, &keys, &owned)));
        let replies = accepted(self.talk.ask(vec![restore]).await.values)?;
        if !matches!(replies[..], [Value::Int(1)]) {
            return Ok(None);
        }
        report.note(Kind::UndoneDecision, &key, id, true);
        Ok(Some(Seen {
            stored: mended,
            ..seen
        }))
    }
}

/// Whether a request is older than the decision in its marker. A younger one was created anew
/// under an old id by the JavaScript version, and its decision is not this one.
fn is_older(stored: &[u8], marker: &[u8]) -> bool {
    let created = Record::parse(stored).map(|record| score_of(&record));
    let decided = Decision::from_marker(marker).and_then(|made| date::parse(made.resolved_at));
    created
        .zip(decided)
        .is_some_and(|(created, decided)| created <= decided)
}
