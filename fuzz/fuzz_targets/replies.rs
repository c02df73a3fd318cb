//! Inputs that nobody thought of for `properties::replies`.

#![no_main]

use hitl_state_ioredis::properties::replies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| replies(data));
