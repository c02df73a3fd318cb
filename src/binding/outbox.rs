//! Events on their way to JavaScript, which is called once for all that have come together.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use napi::Status;
use napi::bindgen_prelude::FnArgs;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

use super::events::{Event, Item};
use crate::fault;

/// How many events JavaScript handles before it does anything else, and how many bytes of them: what
/// it has made of them is garbage sooner than when all of a large batch lives at once.
const CHUNK: usize = 256;
const CHUNK_BYTES: usize = 128 * 1024;

/// The JavaScript function that takes them.
pub type Deliver = ThreadsafeFunction<(), (), FnArgs<(Vec<Item>,)>, Status, false, true>;

/// Events on their way to JavaScript.
#[derive(Default)]
pub struct Outbox {
    events: Mutex<VecDeque<Event>>,
    /// Taken away when the bridge is closed: it holds the JavaScript function.
    deliver: Mutex<Option<Deliver>>,
}

impl Outbox {
    /// Adds an event, and calls JavaScript if it has not been called for an earlier one.
    pub fn push(&self, event: Event) {
        let mut events = self.events();
        events.push_back(event);
        if events.len() == 1 {
            drop(events);
            self.call();
        }
    }

    /// The next events, in the JavaScript thread. A panic must not reach Node, which would end the
    /// process; what has not been taken out by then comes with the next call.
    pub fn deliver_next(&self) -> Vec<Item> {
        catch_unwind(AssertUnwindSafe(|| self.take())).unwrap_or_else(|_| {
            self.call();
            Vec::new()
        })
    }

    fn take(&self) -> Vec<Item> {
        fault::point("deliver");
        let mut events = self.events();
        let mut bytes = 0;
        let fitting = events.iter().take(CHUNK).take_while(|event| {
            let fits = bytes < CHUNK_BYTES;
            bytes += event.size();
            fits
        });
        let size = fitting.count();
        let chunk: Vec<Event> = events.drain(..size).collect();
        let more = !events.is_empty();
        drop(events);
        if more {
            self.call();
        }
        chunk.into_iter().flat_map(Event::items).collect()
    }

    /// Sends events to `deliver` from now on. What has been said since the stop, JavaScript did not want
    /// to hear.
    pub fn start(&self, deliver: Deliver) {
        self.events().clear();
        *self.deliver() = Some(deliver);
    }

    /// Lets go of JavaScript.
    pub fn stop(&self) {
        self.deliver().take();
    }

    fn call(&self) {
        if let Some(deliver) = &*self.deliver() {
            // Fails only when the environment is going away, and its promises with it.
            deliver.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The JavaScript function, while there is one.
    pub fn deliver(&self) -> MutexGuard<'_, Option<Deliver>> {
        self.deliver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
