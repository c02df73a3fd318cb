//! The caller's ioredis client as the connection sees it: asked for its settings and for its
//! patience, and told what became of calls.
//!
//! The client lives in the JavaScript thread. Each question travels there as JSON in an event;
//! the answer comes back as JSON through the native function `answer`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::events::Event;
use super::outbox::Outbox;
use super::stream::Streams;
use super::text::Text;
use crate::connection::{Change, Host, Node, Outcome, Reaction, Remark, Settings, Transport};
use crate::error::Error;
use crate::fault;

/// One client of one environment.
pub struct Client {
    /// The number by which the JavaScript side knows it.
    number: u32,
    outbox: Arc<Outbox>,
    questions: Mutex<Questions>,
    streams: Arc<Streams>,
}

#[derive(Default)]
struct Questions {
    asked: u32,
    open: HashMap<u32, Asker>,
}

/// Takes the answer to one question.
type Asker = Box<dyn FnOnce(&str) + Send>;

/// What JavaScript is asked, as `js/link.js` reads it.
#[derive(Serialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
enum Question<'a> {
    Settings {
        failures: u32,
        redirect: Option<&'a Node>,
    },
    Stream {
        stream: u32,
    },
    Retry {
        attempt: u32,
    },
    SentinelRetry {
        rounds: u32,
    },
    Reaction {
        code: &'a str,
        message: String,
    },
}

/// What JavaScript answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer<T> {
    Ok(T),
    Error(Refusal),
}

/// Why there is no answer. `code` as Node names it, where trying again may help.
#[derive(Deserialize)]
struct Refusal {
    code: Option<String>,
    message: String,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.message;
        match refusal.code {
            Some(code) if code == "SENTINELS_UNREACHABLE" => Self::SentinelsUnreachable {
                ambiguous: false,
                cause: None,
            },
            Some(code) => Self::Connect {
                code: code.into(),
                text,
            },
            None => Self::Settings(text),
        }
    }
}

/// Reads an answer. The text of a serde error may quote a value, and a setting may be a
/// password: only the name of the option is told.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    match serde_json::from_str(json) {
        Ok(Answer::Ok(value)) => Ok(value),
        Ok(Answer::Error(refusal)) => Err(refusal.into()),
        Err(error) => {
            let option = option_at(json, error.column());
            let option = option.map_or("An option".to_owned(), |name| {
                format!("The option \"{name}\"")
            });
            let text = format!("{option} of the ioredis client has a value that cannot be used");
            Err(Error::Settings(text))
        }
    }
}

/// The name of the last member that begins within so many bytes of a JSON text. No value can pass
/// for it: a quote inside of one has a backslash in front.
fn option_at(json: &str, end: usize) -> Option<&str> {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let read = json.get(..end.min(json.len()))?;
    let mut ends = read.rmatch_indices("\":").map(|(at, _)| &read[..at]);
    ends.find_map(|before| before.rsplit_once('"').filter(|(_, name)| is_name(name)))
        .map(|(_, name)| name)
}

/// Reads what a strategy says: milliseconds, or nothing to give up.
fn read_delay(json: &str) -> Option<Duration> {
    let delay: Option<f64> = read(json).ok()?;
    Some(Duration::try_from_secs_f64(delay? / 1_000.0).unwrap_or_default())
}

impl Client {
    /// The client that JavaScript calls `number`.
    pub fn new(number: u32, outbox: Arc<Outbox>) -> Self {
        Self {
            number,
            streams: Arc::new(Streams::new(number, Arc::clone(&outbox))),
            outbox,
            questions: Mutex::default(),
        }
    }

    /// The streams that JavaScript carries for this client.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// Takes the answer to a question, as JSON.
    pub fn answer(&self, question: u32, json: &str) {
        let asker = self.questions().open.remove(&question);
        if let Some(asker) = asker {
            asker(json);
        }
    }

    /// Sends a question to JavaScript; `read` makes the answer of the JSON that comes back.
    fn ask<T: Send + 'static>(
        &self,
        question: &Question<'_>,
        read: impl FnOnce(&str) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        fault::point("ask");
        let (asker, answer) = oneshot::channel();
        let mut questions = self.questions();
        questions.asked = questions.asked.wrapping_add(1);
        let number = questions.asked;
        questions.open.insert(
            number,
            Box::new(move |json| {
                // The connection may have been closed in the meantime.
                let _ = asker.send(read(json));
            }),
        );
        drop(questions);
        self.outbox.push(Event::Question {
            client: self.number,
            question: number,
            // An enum of strings and numbers always serializes.
            text: serde_json::to_vec(question).unwrap_or_default(),
        });
        answer
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for Client {
    fn settings(
        &self,
        failures: u32,
        redirect: Option<&Node>,
    ) -> oneshot::Receiver<Result<Settings, Error>> {
        self.ask(&Question::Settings { failures, redirect }, read)
    }

    fn open_stream(&self) -> oneshot::Receiver<Result<Transport, Error>> {
        let stream = self.streams.open();
        let number = stream.number();
        let opened = self.ask(&Question::Stream { stream: number }, read::<()>);
        let (mut asker, answer) = oneshot::channel();
        tokio::spawn(async move {
            fault::point("open_stream");
            tokio::select! {
                // A question that is dropped is answered: the connection has been closed.
                opened = opened => if let Ok(opened) = opened {
                    let _ = asker.send(opened.map(|()| Box::new(stream) as Transport));
                },
                // Not waited for any longer: without its stream the opening is given up.
                () = asker.closed() => {}
            }
        });
        answer
    }

    fn retry_delay(&self, attempt: u32) -> oneshot::Receiver<Option<Duration>> {
        self.ask(&Question::Retry { attempt }, read_delay)
    }

    fn sentinel_retry_delay(&self, rounds: u32) -> oneshot::Receiver<Option<Duration>> {
        self.ask(&Question::SentinelRetry { rounds }, read_delay)
    }

    fn reaction(&self, refusal: &Error) -> oneshot::Receiver<Reaction> {
        let message = refusal.to_string();
        let code = refusal.code();
        self.ask(&Question::Reaction { code, message }, |json| {
            match read(json) {
                Ok(1) => Reaction::Reconnect,
                Ok(2) => Reaction::Resend,
                _ => Reaction::Stay,
            }
        })
    }

    fn ahead(&self, ticket: u32, part: Vec<u8>) {
        let text = Text::of_json(part);
        self.outbox.push(Event::Ahead { ticket, text });
    }

    fn settle(&self, ticket: u32, result: Result<Outcome, Error>) {
        fault::point("settle");
        let result = result.into();
        self.outbox.push(Event::Settled { ticket, result });
    }

    fn changed(&self, change: Change<'_>) {
        self.outbox.push(Event::Change {
            client: self.number,
            // As above.
            text: serde_json::to_vec(&change).unwrap_or_default(),
        });
    }

    fn remark(&self, ticket: u32, remark: Remark) {
        self.outbox.push(Event::Remark {
            ticket,
            text: serde_json::to_vec(&remark).unwrap_or_default(),
        });
    }
}
