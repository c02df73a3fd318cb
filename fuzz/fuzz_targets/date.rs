//! Inputs that nobody thought of for `properties::date`.

#![no_main]

use hitl_state_ioredis::properties::date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| date(data));
