//! Inputs that nobody thought of for `properties::keys`.

#![no_main]

use hitl_state_ioredis::properties::keys;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| keys(data));
