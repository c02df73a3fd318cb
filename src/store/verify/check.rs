//! Facts that must hold, compared and mended by one script under the server's lock.

use redis::Value;

use super::Step;
use super::contests::{Claim, Contest};
use super::report::{Kind, Report};
use crate::error::Error;
use crate::store::dialogue::Command;
use crate::store::maintenance;
use crate::store::seal::seal;

/// How many scripts travel in one write.
const SCRIPTS: usize = 128;

/// What the script says of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Holds,
    Missing,
    WrongScore,
    TooMuch,
    Astray,
    WrongType,
    Unmendable,
    /// Not wrong in itself: it leads to another record, which may have a right to it.
    Elsewhere,
}

impl Finding {
    fn read(code: i64) -> Self {
        match code {
            0 => Self::Holds,
            1 => Self::Missing,
            2 => Self::WrongScore,
            3 => Self::TooMuch,
            4 => Self::Astray,
            5 => Self::WrongType,
            7 => Self::Elsewhere,
            _ => Self::Unmendable,
        }
    }
}

/// One fact.
struct Fact {
    key: usize,
    words: [Vec<u8>; 3],
    /// What it is called when something is missing, or too much, or leads astray.
    kinds: [Kind; 2],
    /// What is shown of the key: a resume token is a secret.
    shown: Option<Vec<u8>>,
    /// What the record has, where that is what the key is about.
    claim: Option<Claim>,
}

/// Facts about one record, and what they were concluded from.
pub struct Check {
    id: Vec<u8>,
    keys: Vec<Vec<u8>>,
    guards: Vec<(&'static str, usize, Vec<u8>)>,
    facts: Vec<Fact>,
}

impl Check {
    /// A check about the record with this id.
    pub fn new(id: &[u8]) -> Self {
        Self {
            id: id.to_vec(),
            keys: Vec::new(),
            guards: Vec::new(),
            facts: Vec::new(),
        }
    }

    fn key(&mut self, key: Vec<u8>) -> usize {
        self.keys.push(key);
        self.keys.len()
    }

    fn guard(mut self, kind: &'static str, key: Vec<u8>, value: Vec<u8>) -> Self {
        let key = self.key(key);
        self.guards.push((kind, key, value));
        self
    }

    /// As long as this is stored there; `None`: nothing is.
    pub fn while_same(self, key: Vec<u8>, stored: Option<&[u8]>) -> Self {
        let seal = stored.map(seal).unwrap_or_default();
        self.guard("same", key, seal.into())
    }

    /// As long as this index has the record.
    pub fn while_listed(self, key: Vec<u8>) -> Self {
        let id = self.id.clone();
        self.guard("listed", key, id)
    }

    /// As long as this index does not have the record.
    pub fn while_unlisted(self, key: Vec<u8>) -> Self {
        let id = self.id.clone();
        self.guard("unlisted", key, id)
    }

    /// As long as there is no such string.
    pub fn while_blank(self, key: Vec<u8>) -> Self {
        self.guard("blank", key, Vec::new())
    }

    fn fact(mut self, word: &str, key: Vec<u8>, value: &[u8], kinds: [Kind; 2]) -> Self {
        let id = self.id.clone();
        let key = self.key(key);
        self.facts.push(Fact {
            key,
            words: [word.into(), id, value.to_vec()],
            kinds,
            shown: None,
            claim: None,
        });
        self
    }

    /// The record is in this index, at this place.
    pub fn entry(self, key: Vec<u8>, score: &str) -> Self {
        self.fact("entry", key, score.as_bytes(), [Kind::MissingEntry; 2])
    }

    /// The record is in this index; where nobody knows the place, at this one.
    pub fn entry_anywhere(self, key: Vec<u8>, score: &str) -> Self {
        self.fact("loose", key, score.as_bytes(), [Kind::MissingEntry; 2])
    }

    /// The record is in this index, though nobody can say where.
    pub fn entry_wanted(self, key: Vec<u8>) -> Self {
        self.fact("wanted", key, b"", [Kind::MissingEntry; 2])
    }

    /// The record is not in this index.
    pub fn no_entry(self, key: Vec<u8>, kind: Kind) -> Self {
        self.fact("none", key, b"", [kind; 2])
    }

    /// This resume token leads to the record, or to another one under `prefix` that has it.
    pub fn token(self, key: Vec<u8>, token: &str, prefix: &[u8]) -> Self {
        let kinds = [Kind::MissingToken, Kind::DanglingToken];
        let check = self.fact("points", key, prefix, kinds);
        check.claimed(Claim::Token(token.to_owned()))
    }

    /// The same for an external id.
    pub fn external_id(self, key: Vec<u8>, external_id: &str, prefix: &[u8]) -> Self {
        let kinds = [Kind::MissingExternalId, Kind::DanglingExternalId];
        let check = self.fact("points", key, prefix, kinds);
        check.claimed(Claim::ExternalId(external_id.to_owned()))
    }

    fn claimed(mut self, claim: Claim) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.claim = Some(claim);
        }
        self
    }

    /// The index leads to the record and not to `other`, which denies it.
    pub fn repoints(self, key: Vec<u8>, other: &[u8], kind: Kind) -> Self {
        self.fact("repoints", key, other, [kind; 2])
    }

    /// The index does not lead to the record.
    pub fn unpoints(self, key: Vec<u8>, kind: Kind) -> Self {
        self.fact("unpoints", key, b"", [kind; 2])
    }

    /// Shows the last fact's key like this.
    pub fn shown_as(mut self, shown: Vec<u8>) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.shown = Some(shown);
        }
        self
    }

    fn command(&self, repair: bool) -> Command {
        let mut args = vec![
            if repair { b"1".to_vec() } else { b"0".to_vec() },
            self.guards.len().to_string().into(),
        ];
        for (kind, key, value) in &self.guards {
            args.extend([(*kind).into(), key.to_string().into_bytes(), value.clone()]);
        }
        for Fact { key, words, .. } in &self.facts {
            let [kind, member, value] = words.clone();
            args.extend([kind, key.to_string().into(), member, value]);
        }
        Command::Script(&maintenance::MEND, self.keys.clone(), args)
    }

    /// Takes note of what was found about one fact, under the fact's own name.
    pub fn note(&self, report: &mut Report, at: usize, finding: Finding, repaired: bool) {
        let [first, second] = self.facts[at].kinds;
        let (kind, repaired) = match finding {
            Finding::Holds | Finding::Elsewhere => return,
            Finding::Missing | Finding::TooMuch => (first, repaired),
            Finding::WrongScore => (Kind::WrongScore, repaired),
            Finding::Astray => (second, repaired),
            Finding::WrongType => (Kind::WrongType, false),
            Finding::Unmendable => (first, false),
        };
        report.note(kind, self.shown(at), &self.id, repaired);
    }

    /// Takes note of a finding under another name.
    pub fn note_as(&self, report: &mut Report, kind: Kind, at: usize, repaired: bool) {
        report.note(kind, self.shown(at), &self.id, repaired);
    }

    /// What the record has a claim to, where the index leads to another record.
    pub fn contested(&self, found: &[Finding]) -> Vec<Contest<'_>> {
        let facts = self.facts.iter().enumerate().zip(found);
        let contested = facts.filter(|(_, finding)| **finding == Finding::Elsewhere);
        contested
            .filter_map(|((at, fact), _)| {
                Some(Contest {
                    id: &self.id,
                    // What a check is about stands first in it.
                    record: &self.keys[0],
                    index: &self.keys[fact.key - 1],
                    shown: self.shown(at),
                    prefix: &fact.words[2],
                    claim: fact.claim.as_ref()?,
                })
            })
            .collect()
    }

    fn shown(&self, at: usize) -> &[u8] {
        let fact = &self.facts[at];
        fact.shown.as_ref().unwrap_or(&self.keys[fact.key - 1])
    }
}

/// Makes these checks: for each what was found, or nothing where somebody has changed what it
/// was concluded from. Then it is as new, and the next run will see to it.
pub async fn findings(
    step: &Step,
    checks: &[Check],
    repair: bool,
) -> Result<Vec<Option<Vec<Finding>>>, Error> {
    let mut found = Vec::with_capacity(checks.len());
    for checks in checks.chunks(SCRIPTS) {
        let request = checks.iter().map(|check| check.command(repair)).collect();
        for reply in step.talk.ask(request).await.accepted()?.values {
            found.push(match reply {
                Value::Array(codes) => Some(
                    codes
                        .into_iter()
                        .map(|code| match code {
                            Value::Int(code) => Finding::read(code),
                            _ => Finding::Unmendable,
                        })
                        .collect(),
                ),
                _ => None,
            });
        }
    }
    Ok(found)
}

/// Makes these checks and takes note of what each says, under its own names.
pub async fn run(step: &Step, checks: Vec<Check>, report: &mut Report) -> Result<(), Error> {
    let found = findings(step, &checks, step.repair).await?;
    for (check, found) in checks.iter().zip(found) {
        let found = found.unwrap_or_default();
        for (at, finding) in found.iter().enumerate() {
            check.note(report, at, *finding, step.repair);
        }
        step.contested(check, &found, report).await?;
    }
    Ok(())
}
