//! What a step of a purge has done, and where the next one begins.

use crate::connection::Outcome;
use crate::error::Error;
use crate::store::reply::Answer;

/// What a script has left of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing, or nothing of ours.
    Nothing,
    /// All of it: somebody has changed it.
    Changed,
    /// The request, and the rest of its thread.
    More,
}

/// What a step has done.
#[derive(Default)]
pub struct Done {
    pub requests: u64,
    pub batches: u64,
    pub entries: u64,
    pub deliveries: u64,
    /// A further request could be deleted, and the limit is reached.
    pub more: bool,
    /// Where the next step begins.
    pub next: Option<String>,
}

impl Done {
    /// As JSON.
    pub fn report(self) -> Outcome {
        let next = self
            .next
            .map_or("null".to_owned(), |at| format!("\"{at}\""));
        let json = format!(
            "{{\"requests\":{},\"batches\":{},\"timelineEntries\":{},\"deliveries\":{},\"more\":{},\"next\":{next}}}",
            self.requests, self.batches, self.entries, self.deliveries, self.more
        );
        Outcome::Document(json.into_bytes())
    }

    /// Takes note of what a script has done, and says what it has left.
    pub fn take(&mut self, answer: Answer, resent: bool) -> Result<Left, Error> {
        let Answer::Word(word, rest) = answer else {
            return Err(Error::UnexpectedReply("purge"));
        };
        let number = |at: usize| -> u64 {
            rest.get(at)
                .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
                .unwrap_or(0)
        };
        match word.as_slice() {
            b"purged" => {
                self.requests += 1;
                self.entries += number(0);
                self.batches += number(1);
                Ok(Left::Nothing)
            }
            b"more" => {
                self.entries += number(0);
                Ok(Left::More)
            }
            b"changed" => Ok(Left::Changed),
            b"gone" => {
                // The first sending has done it, as far as anybody can tell.
                self.requests += u64::from(resent);
                Ok(Left::Nothing)
            }
            _ => Err(Error::UnexpectedReply("purge")),
        }
    }
}
