//! The caller's ioredis client as the connection sees it: asked for its settings and for its
//! patience, and told what became of calls.
//!
//! The client lives in the JavaScript thread. Each question travels there as an event; the
//! answer comes back through the native functions `answerSettings` and `answerRetry`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::bridge::{Event, Outbox};
use crate::connection::{Host, Outcome, Settings};
use crate::error::Error;

/// One client of one environment.
pub struct Client {
    /// The number by which the JavaScript side knows it.
    number: u32,
    outbox: Arc<Outbox>,
    questions: Mutex<Questions>,
}

#[derive(Default)]
struct Questions {
    asked: u32,
    settings: HashMap<u32, oneshot::Sender<Result<Settings, Error>>>,
    retries: HashMap<u32, oneshot::Sender<Option<Duration>>>,
}

impl Client {
    /// The client that JavaScript calls `number`.
    pub fn new(number: u32, outbox: Arc<Outbox>) -> Self {
        Self {
            number,
            outbox,
            questions: Mutex::default(),
        }
    }

    /// Takes the settings that JavaScript read from the client, as JSON.
    pub fn answer_settings(&self, question: u32, json: &str) {
        let answer = serde_json::from_str(json)
            // The text of a serde error may quote a value; a setting may be a password.
            .map_err(|error| {
                Error::Settings(format!(
                    "A setting of the ioredis client cannot be used (column {})",
                    error.column()
                ))
            });
        if let Some(asker) = self.questions().settings.remove(&question) {
            // The connection may have been closed in the meantime.
            let _ = asker.send(answer);
        }
    }

    /// Takes what the client's `retryStrategy` said.
    pub fn answer_retry(&self, question: u32, delay: Option<Duration>) {
        if let Some(asker) = self.questions().retries.remove(&question) {
            let _ = asker.send(delay);
        }
    }

    /// Sends a question to JavaScript; the answer comes to whom `keep` has kept it for.
    fn ask<T>(
        &self,
        keep: impl FnOnce(&mut Questions, u32, oneshot::Sender<T>),
        event: impl FnOnce(u32) -> Event,
    ) -> oneshot::Receiver<T> {
        let (asker, answer) = oneshot::channel();
        let mut questions = self.questions();
        questions.asked = questions.asked.wrapping_add(1);
        let question = questions.asked;
        keep(&mut questions, question, asker);
        drop(questions);
        self.outbox.push(event(question));
        answer
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for Client {
    fn settings(&self) -> oneshot::Receiver<Result<Settings, Error>> {
        let client = self.number;
        self.ask(
            |questions, question, asker| drop(questions.settings.insert(question, asker)),
            |question| Event::Settings { client, question },
        )
    }

    fn retry_delay(&self, attempt: u32) -> oneshot::Receiver<Option<Duration>> {
        let client = self.number;
        self.ask(
            |questions, question, asker| drop(questions.retries.insert(question, asker)),
            |question| Event::Retry {
                client,
                question,
                attempt,
            },
        )
    }

    fn settle(&self, ticket: u32, result: Result<Outcome, Error>) {
        self.outbox.push(Event::Settled { ticket, result });
    }
}
