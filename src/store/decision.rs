//! Decisions as they are stored: spliced into a record, and kept in the marker of the winner.

use std::borrow::Cow;

use super::date;
use super::json::{quoted, text};
use super::keys::Keys;
use super::record::{REQUEST_ORDER, Record};
use super::scripts;
use crate::connection::{CommandWriter, Remark};
use redis::Value;

/// How long the marker of a winner lives: long enough for any resend and any rolling upgrade
/// step, short enough not to grow the store. In milliseconds.
pub const MARKER_LIFE: &[u8] = b"86400000";

/// What the winner of a decision has written.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// When, as `Date.prototype.toISOString` writes it.
    pub resolved_at: &'a str,
    /// What, as JSON.
    pub result: &'a [u8],
}

impl<'a> Decision<'a> {
    /// Reads a resolve marker: nonce, time and result, one per line.
    #[must_use]
    pub fn from_marker(marker: &'a [u8]) -> Option<Self> {
        let mut lines = marker.splitn(3, |byte| *byte == b'\n').skip(1);
        let resolved_at = std::str::from_utf8(lines.next()?).ok()?;
        Some(Self {
            resolved_at,
            result: lines.next()?,
        })
    }

    /// The marker of the call with this nonce.
    #[must_use]
    pub fn marker(&self, nonce: &str) -> Vec<u8> {
        [nonce.as_bytes(), self.resolved_at.as_bytes(), self.result].join(&b'\n')
    }

    /// The record with the decision in it.
    #[must_use]
    pub fn splice(&self, record: &Record<'_>) -> Vec<u8> {
        record.with(
            &[
                ("status", b"\"resolved\""),
                ("result", self.result),
                ("resolvedAt", &quoted(self.resolved_at)),
            ],
            REQUEST_ORDER,
        )
    }
}

/// Whether the record itself says that it waits for a decision.
#[must_use]
pub fn is_pending(record: &Record<'_>) -> bool {
    record.text("status").as_deref() == Some("pending")
}

/// The namespace under which a record is indexed.
#[must_use]
pub fn namespace_of<'a>(record: &Record<'a>) -> Cow<'a, str> {
    match record.raw("namespace") {
        None | Some(b"null") => Cow::Borrowed("global"),
        // JSON keeps what the caller gave; keys have its text.
        Some(raw) => text(raw).unwrap_or_else(|| String::from_utf8_lossy(raw)),
    }
}

/// Whether requests of this namespace are listed under it: `^[A-Za-z0-9_.-]{1,128}$`.
#[must_use]
pub fn is_namespace(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}

/// The score of a record in the indexes: its creation in milliseconds, 0 where it is undated.
#[must_use]
pub fn score_of(record: &Record<'_>) -> i64 {
    record
        .text("createdAt")
        .and_then(|text| date::parse(&text))
        .unwrap_or(0)
}

/// A record that a JavaScript replica has undone: as it is, and as it ought to be.
#[derive(Clone)]
pub struct Undone {
    /// What is stored now: it says pending.
    pub stored: Vec<u8>,
    /// What it is: resolved, with the winner's result where the marker still knows it.
    pub mended: Vec<u8>,
    /// Whether the marker still knows it, so that it can be restored.
    pub restorable: bool,
}

impl Undone {
    /// Reads a record for which a witness, the marker or the index of resolved requests, says
    /// that it was decided. `None` if the record does not say pending, or is corrupt.
    #[must_use]
    pub fn read(stored: &[u8], marker: &[u8]) -> Option<Self> {
        let record = Record::parse(stored)?;
        if !is_pending(&record) {
            return None;
        }
        let decision = Decision::from_marker(marker);
        let mended = match decision {
            Some(decision) => decision.splice(&record),
            None => record.with(&[("status", b"\"resolved\"")], REQUEST_ORDER),
        };
        Some(Self {
            stored: stored.to_vec(),
            mended,
            restorable: decision.is_some(),
        })
    }

    /// Writes the command that restores the record, if nobody has changed it since.
    pub fn write(&self, out: &mut CommandWriter<'_>, keys: &Keys, id: &str) {
        commit(out, keys, id, &self.stored, &self.mended, b"");
    }
}

/// What there is to say of the reply to [`Undone::write`]: whether it was this command that restored
/// the request `id`.
#[must_use]
pub fn restored(id: &str, replies: &[Value]) -> Option<Remark> {
    matches!(replies, [Value::Int(1)]).then(|| Remark::Restored { id: id.to_owned() })
}

/// Writes the command that puts `after` in the place of `before`, a decision that Rust has
/// spliced. An empty `marker` restores what the present marker says.
pub fn commit(
    out: &mut CommandWriter<'_>,
    keys: &Keys,
    id: &str,
    before: &[u8],
    after: &[u8],
    marker: &[u8],
) {
    let (namespace, score) = match Record::parse(before) {
        Some(record) => (namespace_of(&record).into_owned(), score_of(&record)),
        None => ("global".to_owned(), 0),
    };
    out.script(
        &scripts::COMMIT_DECISION,
        &[
            &keys.request(id),
            &keys.status("pending"),
            &keys.status("resolved"),
            &keys.resolve_marker(id),
            &keys.namespace_status(&namespace, "pending"),
            &keys.namespace_status(&namespace, "resolved"),
        ],
        &[
            id.as_bytes(),
            fingerprint(before).as_bytes(),
            after,
            score.to_string().as_bytes(),
            marker,
            MARKER_LIFE,
        ],
    );
}

/// The SHA-1 of a record, as scripts compute it to see whether it is still the same.
#[must_use]
pub fn fingerprint(record: &[u8]) -> String {
    sha1_smol::Sha1::from(record).digest().to_string()
}
