//! Promises across threads, coalesced both ways. All `unsafe` of the project is here.
//!
//! Requests go straight into a connection's inbox, which wakes the runtime thread only when it
//! was empty. Results gather in the [`Outbox`], which calls JavaScript once for all that has
//! come together; JavaScript settles the promises. One bridge serves one environment (the main
//! thread, a worker, a Jest realm): its thread starts with the first call and ends with the
//! environment.

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, ToNapiValue, check_status};
use napi::{Env, sys};
use tokio::runtime::Handle;

use super::events::Item;
use super::outbox::Outbox;
use super::runtime::Slot;
use super::text::Text;

/// One environment's runtime thread and its way back. It is opened once and may be started and stopped
/// many times: napi frees what a hook of the environment's end was given at that end, never before.
pub struct Bridge {
    outbox: Arc<Outbox>,
    runtime: Slot,
}

impl Bridge {
    /// A bridge that ends with its environment.
    pub fn open(env: Env) -> napi::Result<Self> {
        let runtime = Slot::default();
        env.add_env_cleanup_hook(runtime.clone(), |runtime| runtime.stop())?;
        Ok(Self {
            outbox: Arc::default(),
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
        self.outbox.start(deliver);
        Ok(())
    }

    /// Ends the thread and lets go of JavaScript. No call may be pending.
    pub fn stop(&self) {
        self.runtime.stop();
        self.outbox.stop();
    }

    /// The way back to JavaScript.
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// The runtime on the bridge's thread.
    pub fn runtime(&self) -> napi::Result<Handle> {
        self.runtime.handle().map_err(|error| {
            napi::Error::from_reason(format!("The runtime thread could not be started: {error}"))
        })
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
