//! Inputs that nobody thought of for `properties::commands`.

#![no_main]

use hitl_state_ioredis::properties::commands;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| commands(data));
