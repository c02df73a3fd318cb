//! A host with fixed settings, and a link that runs as it does in production: on a thread of its
//! own with a current-thread runtime.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{
    Address, Call, Close, Gate, Host, Link, Node, Operation, Outcome, Reaction, Route, Script,
    Settings, Transport,
};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// ioredis's defaults for a server on this port.
pub fn settings(port: u16) -> Settings {
    Settings {
        route: Route::Direct(Address::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
            family: 0,
        }),
        tls: None,
        username: None,
        password: None,
        db: 0,
        connection_name: None,
        library_name: None,
        library_version: None,
        no_delay: true,
        keep_alive: 0,
        connect_timeout: Some(10_000),
        command_timeout: None,
        max_retries_per_request: Some(20),
        enable_offline_queue: true,
        auto_resend_unfulfilled_commands: true,
        socket_timeout: None,
        enable_ready_check: true,
        max_loading_retry_time: 10_000,
        read_only: false,
        replica: false,
        reconnect_on_error: false,
        cluster_key: None,
    }
}

type Delay = Box<dyn FnMut(u32) -> Option<Duration> + Send>;
type React = Box<dyn FnMut(&Error) -> Reaction + Send>;

/// Answers at once what a test has set.
pub struct TestHost {
    settings: Mutex<Result<Settings, Error>>,
    delay: Mutex<Delay>,
    react: Mutex<React>,
    /// The nodes that were asked for by name.
    pub redirects: Mutex<Vec<Node>>,
    sentinel_delay: Mutex<Delay>,
    /// How often the settings have been asked for, and the last attempt that was asked about.
    pub asked: AtomicU32,
    pub attempt: AtomicU32,
    /// The last round of sentinels that was asked about.
    pub rounds: AtomicU32,
    /// How often a stream has been asked for.
    pub streams: AtomicU32,
    waiting: Mutex<HashMap<u32, oneshot::Sender<Result<Outcome, Error>>>>,
}

impl TestHost {
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            settings: Mutex::new(Ok(settings)),
            delay: Mutex::new(Box::new(|_| Some(Duration::from_millis(5)))),
            react: Mutex::new(Box::new(|_| Reaction::Stay)),
            redirects: Mutex::default(),
            sentinel_delay: Mutex::new(Box::new(|_| Some(Duration::from_millis(5)))),
            asked: AtomicU32::new(0),
            attempt: AtomicU32::new(0),
            rounds: AtomicU32::new(0),
            streams: AtomicU32::new(0),
            waiting: Mutex::default(),
        })
    }

    /// Replaces the settings of the next connection.
    pub fn set(&self, settings: Result<Settings, Error>) {
        *self.settings.lock().unwrap() = settings;
    }

    /// Replaces the retry strategy.
    pub fn retry(&self, delay: impl FnMut(u32) -> Option<Duration> + Send + 'static) {
        *self.delay.lock().unwrap() = Box::new(delay);
    }

    /// Replaces what the client says of refusals.
    pub fn react(&self, react: impl FnMut(&Error) -> Reaction + Send + 'static) {
        *self.react.lock().unwrap() = Box::new(react);
    }

    /// Replaces the retry strategy for sentinels.
    pub fn retry_sentinels(&self, delay: impl FnMut(u32) -> Option<Duration> + Send + 'static) {
        *self.sentinel_delay.lock().unwrap() = Box::new(delay);
    }
}

impl Host for TestHost {
    fn settings(
        &self,
        _failures: u32,
        redirect: Option<&Node>,
    ) -> oneshot::Receiver<Result<Settings, Error>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (answer, question) = oneshot::channel();
        let mut settings = self.settings.lock().unwrap().clone();
        if let (Some(node), Ok(settings)) = (redirect, &mut settings) {
            self.redirects.lock().unwrap().push(node.clone());
            settings.route = Route::Direct(Address::Tcp {
                host: node.host.clone(),
                port: node.port,
                family: 0,
            });
        }
        drop(answer.send(settings));
        question
    }

    fn retry_delay(&self, attempt: u32) -> oneshot::Receiver<Option<Duration>> {
        self.attempt.store(attempt, Ordering::SeqCst);
        let (answer, question) = oneshot::channel();
        answer.send((self.delay.lock().unwrap())(attempt)).ok();
        question
    }

    fn sentinel_retry_delay(&self, rounds: u32) -> oneshot::Receiver<Option<Duration>> {
        self.rounds.store(rounds, Ordering::SeqCst);
        let (answer, question) = oneshot::channel();
        answer
            .send((self.sentinel_delay.lock().unwrap())(rounds))
            .ok();
        question
    }

    fn open_stream(&self) -> oneshot::Receiver<Result<Transport, Error>> {
        // Nobody here can carry one: the question is dropped.
        self.streams.fetch_add(1, Ordering::SeqCst);
        oneshot::channel().1
    }

    fn reaction(&self, refusal: &Error) -> oneshot::Receiver<Reaction> {
        let (answer, question) = oneshot::channel();
        answer.send((self.react.lock().unwrap())(refusal)).ok();
        question
    }

    fn ahead(&self, _ticket: u32, _part: Vec<u8>) {
        panic!("no test of the core reads so much that parts of it go ahead");
    }

    fn settle(&self, ticket: u32, result: Result<Outcome, Error>) {
        let waiting = self.waiting.lock().unwrap().remove(&ticket);
        let waiting = waiting.unwrap_or_else(|| panic!("ticket {ticket} was settled twice"));
        // A test may have lost its interest.
        drop(waiting.send(result));
    }
}

/// The result of a call that has been submitted.
pub struct Reply(oneshot::Receiver<Result<Outcome, Error>>);

impl Reply {
    /// Waits in a test without a runtime; a panic after half a minute.
    pub fn wait(self) -> Result<Outcome, Error> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut reply = pin!(self.0);
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            if let Poll::Ready(result) = reply.as_mut().poll(&mut context) {
                return result.expect("a settled call");
            }
            let left = patience.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "a call is not settled");
            thread::park_timeout(left);
        }
    }

    /// The result, if it is there.
    pub fn now(&mut self) -> Option<Result<Outcome, Error>> {
        self.0.try_recv().ok()
    }

    pub async fn get(self) -> Result<Outcome, Error> {
        self.0.await.expect("a settled call")
    }
}

/// Wakes a thread that waits for a reply.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A link with its host and its thread. Dropping it ends the thread.
pub struct Client {
    pub link: Link,
    pub host: Arc<TestHost>,
    pub runtime: Handle,
    task: AbortHandle,
    thread: Option<JoinHandle<()>>,
    tickets: AtomicU32,
}

impl Client {
    /// A link to the server on this port with ioredis's defaults.
    pub fn new(port: u16) -> Self {
        Self::with(TestHost::new(settings(port)), Vec::new())
    }

    /// A link for this host that loads these scripts.
    pub fn with(host: Arc<TestHost>, scripts: Vec<&'static Script>) -> Self {
        let (link, task) = Link::new(host.clone(), scripts);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let task = runtime.spawn(task);
        let abort = task.abort_handle();
        let handle = runtime.handle().clone();
        let thread = thread::spawn(move || {
            // Ends by the link's close, by an abort, or by a panic that a test provokes.
            drop(runtime.block_on(task));
        });
        Self {
            link,
            host,
            runtime: handle,
            task: abort,
            thread: Some(thread),
            tickets: AtomicU32::new(0),
        }
    }

    /// Makes a call.
    pub fn submit(&self, operation: impl Operation + 'static) -> Reply {
        self.submit_behind(None, Box::new(operation))
    }

    /// Makes a call that needs an open gate.
    pub fn submit_behind(
        &self,
        gate: Option<Arc<dyn Gate>>,
        operation: Box<dyn Operation>,
    ) -> Reply {
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
        let (settle, reply) = oneshot::channel();
        self.host.waiting.lock().unwrap().insert(ticket, settle);
        self.link.submit(Call {
            ticket,
            gate,
            operation,
        });
        Reply(reply)
    }

    /// Makes a call and waits for its result, in a test with a runtime.
    pub async fn run(&self, operation: impl Operation + 'static) -> Result<Outcome, Error> {
        self.submit(operation).get().await
    }

    /// Makes a call and waits for its result, in a test without a runtime.
    pub fn call(&self, operation: impl Operation + 'static) -> Result<Outcome, Error> {
        self.submit(operation).wait()
    }

    /// Drops the task as the end of its runtime would.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Waits until the task has ended.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the link's thread");
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.link.close(Close::Now);
        self.join();
    }
}
