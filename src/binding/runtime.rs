//! The thread that does the work of an environment: a runtime for the tasks of its connections. It
//! starts with the first call, and anew after a panic has ended it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use once_cell::unsync::OnceCell;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

#[cfg(feature = "faults")]
use crate::fault;

/// The runtime, while there is one.
#[derive(Clone, Default)]
pub struct Slot(Arc<Mutex<OnceCell<Runtime>>>);

struct Runtime {
    handle: Handle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    /// The thread has come to its end, or is about to.
    ending: Arc<AtomicBool>,
}

impl Slot {
    /// The runtime, started if there is none or a panic has ended it.
    pub fn handle(&self) -> std::io::Result<Handle> {
        let mut slot = self.lock();
        if slot
            .get()
            .is_some_and(|runtime| runtime.ending.load(Ordering::Acquire))
        {
            slot.take();
        }
        Ok(slot.get_or_try_init(Runtime::start)?.handle.clone())
    }

    /// Ends the thread, and waits for it.
    pub fn stop(&self) {
        let runtime = self.lock().take();
        if let Some(Runtime { stop, thread, .. }) = runtime {
            // It may have ended already.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }

    fn lock(&self) -> MutexGuard<'_, OnceCell<Runtime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
