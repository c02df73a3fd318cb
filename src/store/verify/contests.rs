//! Names that one record has and an index gives to another: a resume token, an external id.

use super::Step;
use super::check::{Check, Finding, run};
use super::report::{Kind, Report};
use super::text::{external_ids, member};
use crate::error::Error;
use crate::store::chunks::record;
use crate::store::decision::is_pending;
use crate::store::dialogue::Command;
use crate::store::record::Record;
use crate::store::reply::{accepted, filled};

/// What a record has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Token(String),
    ExternalId(String),
}

impl Claim {
    fn is_of(&self, record: &Record<'_>) -> bool {
        match self {
            Self::Token(token) => member(record, "token").is_some_and(|own| own == *token),
            Self::ExternalId(id) => external_ids(record).contains(id),
        }
    }
}

/// A claim, and the index that gives it to somebody else.
pub struct Contest<'a> {
    /// The record that has it.
    pub id: &'a [u8],
    pub record: &'a [u8],
    pub index: &'a [u8],
    /// The index as it may be shown.
    pub shown: &'a [u8],
    /// What the keys of these records begin with.
    pub prefix: &'a [u8],
    pub claim: &'a Claim,
}

impl Step {
    /// Looks at those to whom the indexes give what this record has. An owner that has it, too, is
    /// a rightful one; one that has it not, or no more, makes room.
    pub(super) async fn contested(
        &self,
        check: &Check,
        found: &[Finding],
        report: &mut Report,
    ) -> Result<(), Error> {
        for contest in check.contested(found) {
            let request = vec![Command::new(&[b"GET", contest.index])];
            let mut replies = accepted(self.talk.ask(request).await.values)?;
            let Some(owner) = replies.pop().and_then(filled) else {
                continue;
            };
            let other = [contest.prefix, &owner[..]].concat();
            let own = record(&self.talk, contest.record.to_vec()).await?;
            let theirs = record(&self.talk, other.clone()).await?;
            let (Some(own), Some(theirs)) = (own, theirs) else {
                continue;
            };
            let (Some(claimant), Some(rival)) = (Record::parse(&own), Record::parse(&theirs))
            else {
                continue;
            };
            if !contest.claim.is_of(&rival) {
                let kind = match contest.claim {
                    Claim::Token(_) => Kind::DanglingToken,
                    Claim::ExternalId(_) => Kind::DanglingExternalId,
                };
                let check = Check::new(contest.id)
                    .while_same(contest.record.to_vec(), Some(&own))
                    .while_same(other, Some(&theirs))
                    .repoints(contest.index.to_vec(), &owner, kind)
                    .shown_as(contest.shown.to_vec());
                // Nothing to contest in there: it ends here.
                Box::pin(run(self, vec![check], report)).await?;
            } else if matches!(contest.claim, Claim::Token(_)) && are_rivals(&claimant, &rival) {
                report.note(Kind::SharedToken, contest.shown, contest.id, false);
            }
        }
        Ok(())
    }
}

/// Whether both wait for a decision that goes to the same workflow.
fn are_rivals(one: &Record<'_>, other: &Record<'_>) -> bool {
    let is_batch_item = |record: &Record<'_>| member(record, "batchId").is_some();
    is_pending(one) && is_pending(other) && is_batch_item(one) == is_batch_item(other)
}
