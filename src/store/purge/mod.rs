//! Deleting what was resolved long ago, with everything that belongs to it.
//!
//! One operation is one bounded step; the caller goes on with what the step returned. A step
//! walks the index of resolved requests, oldest first, and deletes each request by one script
//! that compares it with what was read. So a purge may end anywhere and begin anew, and what is
//! decided, changed or created meanwhile is met by the script as it is.
//!
//! Notify deliveries are found by a scan of all keys, as no index has their groups. That comes
//! first, and only if there is something to delete at all: afterwards nobody could tell.

mod belongings;
mod candidate;
mod deliveries;
mod done;
mod groups;

use std::sync::Arc;

use redis::Value;

use self::belongings::Belongings;
use self::candidate::Candidate;
use self::done::{Done, Left};
use super::chunks::{extracts, record, tolerant};
use super::dialogue::{Command, Dialogue, Talk};
use super::keys::Keys;
use super::maintenance;
use super::position::Position;
use super::reply::{Answer, accepted, array, bytes};
use super::scripts;
use crate::connection::{Operation, Outcome};
use crate::error::Error;

/// How many requests one step looks at.
const REQUESTS: usize = 32;
/// How often one step tries: a request may change under it, or have a long thread.
const ATTEMPTS: usize = 64;

/// What a purge deletes.
#[derive(Clone)]
pub struct Order {
    /// Requests resolved before this time, in milliseconds.
    pub before: i64,
    /// At most so many of them.
    pub limit: u64,
    /// Only counts.
    pub dry_run: bool,
}

/// One bounded step of a purge. `from` is what the step before it has returned.
#[must_use]
pub fn step(keys: Arc<Keys>, order: Order, from: Option<String>) -> impl Operation {
    Dialogue::beside(move |talk| async move {
        let step = Step { keys, talk, order };
        step.run(from.as_deref()).await
    })
}

/// What a step works with.
struct Step {
    keys: Arc<Keys>,
    talk: Talk,
    order: Order,
}

impl Step {
    async fn run(&self, from: Option<&str>) -> Result<Outcome, Error> {
        // What the caller hands back is ours: `look`, `scan` or `walk`, and a position.
        let (phase, at) = from
            .and_then(|from| from.split_once(' '))
            .unwrap_or(("look", ""));
        let mut done = Done::default();
        match phase {
            "scan" => {
                let cursor = self.sweep_deliveries(at, &mut done).await?;
                done.next =
                    Some(cursor.map_or("walk ".to_owned(), |cursor| format!("scan {cursor}")));
            }
            "look" => self.walk(phase, at, 0, &mut done).await?,
            _ => self.walk("walk", at, self.order.limit, &mut done).await?,
        }
        if phase == "look" && std::mem::take(&mut done.more) {
            let scripts = [&maintenance::PURGE, &maintenance::PURGE_DELIVERY];
            maintenance::load(&self.talk, &scripts.map(|script| &**script)).await;
            done.next = Some("scan 0".to_owned());
        }
        Ok(done.report())
    }

    /// Deletes up to `limit` requests of the next page.
    async fn walk(&self, phase: &str, at: &str, limit: u64, done: &mut Done) -> Result<(), Error> {
        let (page, behind) = self.page(Position::read(at)).await?;
        let mut candidates = self.candidates(&page).await?;
        let too_many = candidates.len() as u64 > limit;
        if too_many {
            candidates.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let mut goes_on = false;
        if self.order.dry_run {
            self.count(&candidates, done).await?;
        } else {
            goes_on = self.delete(candidates, done).await?;
        }
        done.more = too_many && done.requests == limit;
        done.next = if done.more {
            None
        } else if too_many || goes_on {
            // Somebody else has deleted or decided anew some of them: there is room for others.
            Some(format!("{phase} {at}"))
        } else {
            behind.map(|position| format!("{phase} {position}"))
        };
        Ok(())
    }

    /// The next ids that may be old enough, and the position behind them unless they are the last.
    async fn page(&self, from: Option<Position>) -> Result<(Vec<String>, Option<Position>), Error> {
        let index = self.keys.status("resolved");
        let (is_behind, id, score) = match &from {
            Some(Position { id, score }) => ("1", id.as_slice(), score.as_bytes()),
            None => ("0", &b""[..], &b""[..]),
        };
        let count = REQUESTS.to_string();
        let args = [
            b"oldest",
            count.as_bytes(),
            is_behind.as_bytes(),
            id,
            score,
            b"",
        ];
        let args = args.map(<[u8]>::to_vec).to_vec();
        let page = Command::Script(&scripts::PAGE, vec![index], args);
        let reply = accepted(self.talk.ask(vec![page]).await.values)?.pop();
        let entries = reply
            .and_then(array)
            .and_then(|parts| parts.into_iter().next())
            .and_then(array);
        let Some(entries) = entries else {
            return Err(Error::UnexpectedReply("page"));
        };
        let mut entries = entries.into_iter().filter_map(bytes);
        let (mut ids, mut behind, mut count) = (Vec::new(), None, 0);
        while let (Some(id), Some(score)) = (entries.next(), entries.next()) {
            let score = String::from_utf8_lossy(&score).into_owned();
            // Nothing is resolved before it is created, and this is the order of creation.
            if score
                .parse()
                .is_ok_and(|time: f64| time >= as_score(self.order.before))
            {
                return Ok((ids, None));
            }
            count += 1;
            ids.extend(String::from_utf8(id.clone()));
            behind = Some(Position { id, score });
        }
        Ok((ids, behind.filter(|_| count == REQUESTS)))
    }

    /// Those of these requests that were resolved before the date.
    async fn candidates(&self, ids: &[String]) -> Result<Vec<Candidate>, Error> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| self.keys.request(id)).collect();
        let read = extracts(&self.talk, &keys, |at, stored| {
            Candidate::read(&ids[at], &stored)
        });
        let mut candidates: Vec<Candidate> = read.await?.into_iter().flatten().flatten().collect();
        for candidate in candidates.iter_mut().filter(|it| it.says_pending) {
            let marker = record(&self.talk, self.keys.resolve_marker(&candidate.id)).await?;
            candidate.learn(&marker.unwrap_or_default());
        }
        candidates.retain(|it| it.decided.is_some_and(|time| time < self.order.before));
        Ok(candidates)
    }

    /// Deletes these requests. Says whether one of them has a thread that is too long for one step;
    /// one that has only been changed all the time is left to the next run.
    async fn delete(&self, candidates: Vec<Candidate>, done: &mut Done) -> Result<bool, Error> {
        let mut waiting = candidates;
        let mut goes_on = false;
        for _ in 0..ATTEMPTS {
            if waiting.is_empty() {
                return Ok(false);
            }
            let belongings = Belongings::of(self, &waiting).await?;
            let scripts = waiting
                .iter()
                .zip(&belongings)
                .map(|(candidate, own)| own.purge(self, candidate));
            let replies = self.talk.ask(scripts.collect()).await;
            let resent = replies.resent;
            let (mut again, mut refusal) = (Vec::new(), None);
            goes_on = false;
            for (candidate, reply) in waiting.into_iter().zip(replies.values) {
                match Answer::read(vec![reply]) {
                    // What the others have done counts, even if nobody is told: it is done.
                    Err(error) => refusal = Some(error),
                    Ok(answer) => match done.take(answer, resent)? {
                        Left::Nothing => {}
                        left => {
                            goes_on |= left == Left::More;
                            again.push(candidate.id);
                        }
                    },
                }
            }
            if let Some(error) = refusal {
                return Err(error);
            }
            // Read anew: a request of which more is to come, or that somebody has changed.
            waiting = self.candidates(&again).await?;
        }
        Ok(goes_on)
    }

    /// What `delete` would do. A batch counts with the first of its items, if all of them go.
    async fn count(&self, candidates: &[Candidate], done: &mut Done) -> Result<(), Error> {
        done.requests += candidates.len() as u64;
        let mut threads: Vec<String> = Vec::new();
        for candidate in candidates {
            threads.push(candidate.id.clone());
            if let Some(batch_id) = &candidate.batch_id
                && let Some(items) = groups::going_items(self, batch_id).await?
                && items.first() == Some(&candidate.id)
            {
                let batch = record(&self.talk, self.keys.batch(batch_id)).await?;
                done.batches += u64::from(batch.is_some());
                threads.push(batch_id.clone());
            }
        }
        let sizes = threads
            .iter()
            .map(|name| Command::new(&[b"ZCARD", &self.keys.thread(name)]));
        for size in tolerant(self.talk.ask(sizes.collect()).await.values)? {
            if let Value::Int(size) = size {
                done.entries += u64::try_from(size).unwrap_or(0);
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times that a Date can hold are exact"
)]
fn as_score(time: i64) -> f64 {
    time as f64
}
