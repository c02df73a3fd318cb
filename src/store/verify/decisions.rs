//! Decisions that JavaScript replicas have undone: their records say pending again, and a witness
//! knows better.

use redis::Value;

use super::Step;
use super::check::{Check, findings};
use super::report::{Kind, Report};
use super::requests::Witnesses;
use crate::error::Error;
use crate::store::chunks::record;
use crate::store::date;
use crate::store::decision::{Decision, Undone, score_of};
use crate::store::dialogue::Command;
use crate::store::record::Record;
use crate::store::reply::accepted;

impl Step {
    /// Restores a decision where the winner's mark says what it was. Returns the record as it is
    /// afterwards, if it can be looked at further.
    pub(super) async fn undone(
        &self,
        id: &[u8],
        witnesses: &Witnesses,
        report: &mut Report,
    ) -> Result<Option<Vec<u8>>, Error> {
        let key = [&self.keys.request(""), id].concat();
        let marker_key = [&self.keys.resolve_marker(""), id].concat();
        let marker = record(&self.talk, marker_key.clone()).await?;
        let Some(stored) = record(&self.talk, key.clone()).await? else {
            return Ok(None);
        };
        // Nobody may have moved it between the witnesses and the record.
        let check = Check::new(id).while_same(key.clone(), Some(&stored));
        let check = if witnesses.is_listed {
            check.while_listed(self.keys.status("resolved"))
        } else {
            check.while_same(marker_key, marker.as_deref())
        };
        let marker = marker.unwrap_or_default();
        let holds = findings(self, &[check], false).await?.pop().flatten();
        let undone = Undone::read(&stored, &marker);
        let (Some(_), Some(undone), Ok(id)) = (holds, undone, std::str::from_utf8(id)) else {
            return Ok(None);
        };
        if !self.repair || !undone.restorable || !is_older(&stored, &marker) {
            report.note(Kind::UndoneDecision, &key, id.as_bytes(), false);
            return Ok(None);
        }
        let mended = undone.mended.clone();
        let (keys, owned) = (self.keys.clone(), id.to_owned());
        let restore = Command::Written(Box::new(move |out| undone.write(out, &keys, &owned)));
        let replies = accepted(self.talk.ask(vec![restore]).await.values)?;
        if !matches!(replies[..], [Value::Int(1)]) {
            return Ok(None);
        }
        report.note(Kind::UndoneDecision, &key, id.as_bytes(), true);
        Ok(Some(mended))
    }

    /// Looks at a resolved request whose winner's mark has another decision, as after a JavaScript
    /// replica has put it back and somebody has decided anew. Returns the record, to be looked at
    /// further.
    pub(super) async fn contradicted(
        &self,
        id: &[u8],
        report: &mut Report,
    ) -> Result<Option<Vec<u8>>, Error> {
        let key = [&self.keys.request(""), id].concat();
        let marker_key = [&self.keys.resolve_marker(""), id].concat();
        let marker = record(&self.talk, marker_key.clone()).await?;
        let Some(stored) = record(&self.talk, key.clone()).await? else {
            return Ok(None);
        };
        let check = Check::new(id)
            .while_same(key.clone(), Some(&stored))
            .while_same(marker_key, marker.as_deref());
        let holds = findings(self, &[check], false).await?.pop().flatten();
        let marker = marker.unwrap_or_default();
        if holds.is_some() && is_older(&stored, &marker) && !has_decision(&stored, &marker) {
            report.note(Kind::ContradictedDecision, &key, id, false);
        }
        Ok(Some(stored))
    }
}

/// Whether a record was decided when its marker says.
fn has_decision(stored: &[u8], marker: &[u8]) -> bool {
    let record = Record::parse(stored);
    let made = Decision::from_marker(marker);
    record.zip(made).is_some_and(|(record, made)| {
        record.text("resolvedAt").as_deref() == Some(made.resolved_at)
    })
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
