//! Inputs that nobody thought of for `properties::record`.

#![no_main]

use hitl_state_ioredis::properties::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| record(data));
