//! Inputs that nobody thought of for `properties::positions`.

#![no_main]

use hitl_state_ioredis::properties::positions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| positions(data));
