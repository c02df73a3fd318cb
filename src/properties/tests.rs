//! The properties with generated inputs, and with those that are kept. `HITL_SEED` brings the
//! inputs of an earlier run back.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{commands, date, keys, positions, record, replies};

/// Inputs for each property; Miri is some hundred times slower.
const CASES: u32 = if cfg!(miri) { 24 } else { 5_000 };
/// Most bytes of one.
const LONGEST: usize = 400;

fn seed() -> u64 {
    std::env::var("HITL_SEED").ok().map_or_else(
        || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| u64::from(now.subsec_nanos()))
        },
        |seed| seed.parse().expect("HITL_SEED is a whole number"),
    )
}

fn holds(name: &str, property: fn(&[u8])) {
    for entry in fs::read_dir(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name),
    )
    .expect("a corpus")
    {
        property(&fs::read(entry.expect("an entry").path()).expect("an input"));
    }
    let seed = seed();
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let outcome =
        TestRunner::new_with_rng(config, rng).run(&vec(any::<u8>(), 0..LONGEST), |data| {
            property(&data);
            Ok(())
        });
    assert!(outcome.is_ok(), "HITL_SEED={seed}: {outcome:?}");
}

#[test]
fn no_two_things_share_a_key() {
    holds("keys", keys);
}

#[test]
fn positions_come_back_and_everything_else_is_refused() {
    holds("positions", positions);
}

#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn dates_are_those_of_v8() {
    holds("date", date);
}

#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn records_mean_what_they_mean_to_v8() {
    holds("record", record);
}

#[test]
fn replies_are_the_same_in_whatever_pieces_they_arrive() {
    holds("replies", replies);
}

#[test]
fn commands_are_read_as_they_were_meant() {
    holds("commands", commands);
}
