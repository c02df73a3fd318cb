//! Promises across threads, coalesced both ways. All `unsafe` of the project is here.
//!
//! Requests go straight into a connection's inbox, which wakes the runtime thread only when it
//! was empty. Results gather in the [`Outbox`], which calls JavaScript once for all that has
//! come together; JavaScript settles the promises. One bridge serves one environment (the main
//! thread, a worker, a Jest realm): its thread starts with the first call and ends with the
//! environment.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use napi::bindgen_prelude::{FnArgs, Function, ToNapiValue, check_status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use once_cell::unsync::OnceCell;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::error::report;
use super::text::Text;
use crate::connection::Outcome;
use crate::error::Error;
use crate::fault;

/// How many events JavaScript handles before it does anything else, and how many bytes of them: what
/// it has made of them is garbage sooner than when all of a large batch lives at once.
const CHUNK: usize = 256;
const CHUNK_BYTES: usize = 128 * 1024;

/// What the runtime thread has to say to JavaScript.
pub enum Event {
    /// A call is over.
    Settled { ticket: u32, result: Settled },
    /// The connection asks its client something.
    Question {
        client: u32,
        question: u32,
        text: Vec<u8>,
    },
    /// A stream has something for its socket.
    Stream {
        client: u32,
        stream: u32,
        event: StreamEvent,
    },
    /// Something has become of a connection. JSON, as the next.
    Change { client: u32, text: Vec<u8> },
    /// Something has happened to a call that is not over.
    Remark { ticket: u32, text: Vec<u8> },
}

/// How a call has ended.
pub enum Settled {
    Done,
    Nothing,
    /// A JSON text, and the id of the record that an index has led to.
    Document(Text, Option<String>),
    Count(u64),
    /// A report for `js/errors.js`.
    Error(Vec<u8>),
}

impl From<Result<Outcome, Error>> for Settled {
    fn from(result: Result<Outcome, Error>) -> Self {
        match result {
            Ok(Outcome::Done) => Self::Done,
            Ok(Outcome::Nothing) => Self::Nothing,
            Ok(Outcome::Document(json)) => Self::Document(Text::of_json(json), None),
            Ok(Outcome::Found { id, json }) => Self::Document(Text::of_json(json), Some(id)),
            Ok(Outcome::Count(count)) => Self::Count(count),
            Err(error) => Self::Error(report(&error)),
        }
    }
}

/// What the socket of a stream is to do.
pub enum StreamEvent {
    Write(Vec<u8>),
    Resume,
    Close,
}

/// A value for JavaScript. Events travel as four of them: kind, number, and two more.
pub enum Item {
    Nothing,
    Number(f64),
    Text(Vec<u8>),
    Json(Text),
    Bytes(Vec<u8>),
}

// SAFETY: `to_napi_value` only makes values of the environment it is given, on its thread.
impl ToNapiValue for Item {
    unsafe fn to_napi_value(env: sys::napi_env, item: Self) -> napi::Result<sys::napi_value> {
        let mut value = std::ptr::null_mut();
        let status = match &item {
            // SAFETY: `env` is alive and ours, as the caller promises; `value` is a valid place.
            Item::Nothing => unsafe { sys::napi_get_undefined(env, &raw mut value) },
            // SAFETY: as above.
            Item::Number(number) => unsafe {
                sys::napi_create_double(env, *number, &raw mut value)
            },
            Item::Text(text) => {
                let (data, length) = (text.as_ptr().cast(), text.len().cast_signed());
                // SAFETY: as above, and the bytes live until the call returns.
                unsafe { sys::napi_create_string_utf8(env, data, length, &raw mut value) }
            }
            Item::Json(Text::OneByte(bytes)) => {
                let (data, length) = (bytes.as_ptr().cast(), bytes.len().cast_signed());
                // SAFETY: as above, and the bytes live until the call returns.
                unsafe { sys::napi_create_string_latin1(env, data, length, &raw mut value) }
            }
            Item::Json(Text::TwoByte(units)) => {
                let (data, length) = (units.as_ptr(), units.len().cast_signed());
                // SAFETY: as above, and the units live until the call returns.
                unsafe { sys::napi_create_string_utf16(env, data, length, &raw mut value) }
            }
            Item::Bytes(bytes) => {
                let (data, length) = (bytes.as_ptr().cast(), bytes.len());
                let copy = std::ptr::null_mut();
                // SAFETY: as above; where the copy lies does not interest us.
                unsafe { sys::napi_create_buffer_copy(env, length, data, copy, &raw mut value) }
            }
        };
        check_status!(status)?;
        Ok(value)
    }
}

impl Event {
    /// How many bytes JavaScript will have of it, more or less.
    fn size(&self) -> usize {
        match self {
            Self::Settled { result, .. } => match result {
                Settled::Document(text, _) => text.size(),
                _ => 0,
            },
            Self::Question { text, .. } | Self::Change { text, .. } | Self::Remark { text, .. } => {
                text.len()
            }
            Self::Stream { event, .. } => match event {
                StreamEvent::Write(bytes) => bytes.len(),
                _ => 0,
            },
        }
    }

    fn items(self) -> [Item; 4] {
        let number = |number: u32| Item::Number(number.into());
        match self {
            Self::Settled { ticket, result } => {
                let (kind, first, second) = match result {
                    Settled::Done => (0.0, Item::Nothing, Item::Nothing),
                    Settled::Nothing => (1.0, Item::Nothing, Item::Nothing),
                    Settled::Document(text, id) => {
                        let id = id.map_or(Item::Nothing, |id| Item::Text(id.into_bytes()));
                        (2.0, Item::Json(text), id)
                    }
                    #[expect(clippy::cast_precision_loss, reason = "no index holds 2^53 requests")]
                    Settled::Count(count) => (3.0, Item::Number(count as f64), Item::Nothing),
                    Settled::Error(report) => (4.0, Item::Text(report), Item::Nothing),
                };
                [Item::Number(kind), number(ticket), first, second]
            }
            Self::Question {
                client,
                question,
                text,
            } => [
                Item::Number(5.0),
                number(client),
                number(question),
                Item::Text(text),
            ],
            Self::Stream {
                client,
                stream,
                event,
            } => {
                let (kind, bytes) = match event {
                    StreamEvent::Write(bytes) => (6.0, Item::Bytes(bytes)),
                    StreamEvent::Resume => (7.0, Item::Nothing),
                    StreamEvent::Close => (8.0, Item::Nothing),
                };
                [Item::Number(kind), number(client), number(stream), bytes]
            }
            Self::Change { client, text } => [
                Item::Number(9.0),
                number(client),
                Item::Text(text),
                Item::Nothing,
            ],
            Self::Remark { ticket, text } => [
                Item::Number(10.0),
                number(ticket),
                Item::Text(text),
                Item::Nothing,
            ],
        }
    }
}

type Deliver = ThreadsafeFunction<(), (), FnArgs<(Vec<Item>,)>, Status, false, true>;

/// Events on their way to JavaScript.
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
    fn deliver_next(&self) -> Vec<Item> {
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

    fn call(&self) {
        if let Some(deliver) = &*self.deliver() {
            // Fails only when the environment is going away, and its promises with it.
            deliver.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self) -> MutexGuard<'_, Option<Deliver>> {
        self.deliver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One environment's runtime thread and its way back. It is opened once and may be started and stopped
/// many times: napi frees what a hook of the environment's end was given at that end, never before.
pub struct Bridge {
    outbox: Arc<Outbox>,
    runtime: Slot,
}

/// The runtime, while there is one.
type Slot = Arc<Mutex<OnceCell<Runtime>>>;

struct Runtime {
    handle: Handle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    /// The thread has come to its end, or is about to.
    ending: Arc<AtomicBool>,
}

impl Bridge {
    /// A bridge that ends with its environment.
    pub fn open(env: Env) -> napi::Result<Self> {
        let runtime = Slot::default();
        env.add_env_cleanup_hook(Arc::clone(&runtime), |runtime| stop(&runtime))?;
        Ok(Self {
            outbox: Arc::new(Outbox {
                events: Mutex::default(),
                deliver: Mutex::default(),
            }),
            runtime,
        })
    }

    /// Sends events to `deliver` from now on.
    pub fn start(&self, deliver: &Function<'_, FnArgs<(Vec<Item>,)>, ()>) -> napi::Result<()> {
        let source = Arc::downgrade(&self.outbox);
        let deliver = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_| {
                let items = source
                    .upgrade()
                    .map(|outbox| outbox.deliver_next())
                    .unwrap_or_default();
                Ok(FnArgs::from((items,)))
            })?;
        // What has been said since the stop, JavaScript did not want to hear.
        self.outbox.events().clear();
        *self.outbox.deliver() = Some(deliver);
        Ok(())
    }

    /// Ends the thread and lets go of JavaScript. No call may be pending.
    pub fn stop(&self) {
        stop(&self.runtime);
        self.outbox.deliver().take();
    }

    /// The way back to JavaScript.
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// The runtime on the bridge's thread, started by the first call, and anew after a panic has
    /// ended it.
    pub fn runtime(&self) -> napi::Result<Handle> {
        let mut slot = lock(&self.runtime);
        if slot
            .get()
            .is_some_and(|runtime| runtime.ending.load(Ordering::Acquire))
        {
            slot.take();
        }
        let runtime = slot.get_or_try_init(Runtime::start).map_err(|error| {
            napi::Error::from_reason(format!("The runtime thread could not be started: {error}"))
        })?;
        Ok(runtime.handle.clone())
    }

    /// Keeps the process alive, or lets it go: JavaScript says when calls are pending.
    pub fn hold(&self, env: Env, pending: bool) -> napi::Result<()> {
        let deliver = self.outbox.deliver();
        let Some(deliver) = &*deliver else {
            return Ok(());
        };
        let change = if pending {
            sys::napi_ref_threadsafe_function
        } else {
            sys::napi_unref_threadsafe_function
        };
        // SAFETY: called by JavaScript, so on the thread of `env`, which is alive; the
        // threadsafe function lives as long as the outbox.
        check_status!(unsafe { change(env.raw(), deliver.raw()) })
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, OnceCell<Runtime>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stop(slot: &Slot) {
    let runtime = lock(slot).take();
    if let Some(Runtime { stop, thread, .. }) = runtime {
        // It may have ended already.
        let _ = stop.send(());
        let _ = thread.join();
    }
}

impl Runtime {
    fn start() -> std::io::Result<Self> {
        let mut builder = Builder::new_current_thread();
        builder.enable_io().enable_time();
        #[cfg(feature = "faults")]
        builder.on_thread_park(|| fault::point("runtime"));
        let runtime = builder.build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let ending = Arc::new(AtomicBool::new(false));
        let end = Ending(Arc::clone(&ending));
        let thread = thread::Builder::new()
            .name("hitl-state-ioredis".to_owned())
            .spawn(move || {
                let _end = end;
                // Ends when it is told to, or when the teller is gone.
                let _ = runtime.block_on(stopped);
                // A name lookup that is under way must not hold up the end of the environment.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            stop,
            thread,
            ending,
        })
    }
}

/// Says that the thread ends, before a panic drops the runtime: what its tasks settle then may bring
/// the next call.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
