//! How much a walk asks for at a time, which its results do not tell.

use std::sync::Arc;

use hitl_state_ioredis::connection::{Operation, Outcome, Step};
use hitl_state_ioredis::store::Sizes;
use hitl_state_ioredis::store::inbox::{Filter, list};
use hitl_state_ioredis::store::keys::Keys;

use crate::driver::Driver;
use crate::support::Server;

/// The numbers of ids that the steps of a walk have asked for.
fn asked(driver: &Driver) -> Vec<usize> {
    let commands = driver
        .written
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes));
    let counts = commands.filter_map(|command| {
        let (_, behind) = command.split_once("\r\nnewest\r\n$")?;
        behind.split("\r\n").nth(1)?.parse().ok()
    });
    let mut counts: Vec<usize> = counts.collect();
    // A script that the server has not known is written twice.
    counts.dedup();
    counts
}

#[test]
fn a_walk_asks_for_what_it_wants_and_then_for_more_and_more() {
    let server = Server::start(&[]);
    let keys = Keys::new(b"p".to_vec());
    let mut driver = Driver::connect(server.port());
    for (entries, counts) in [
        (1, &[2][..]),
        (66, &[2, 64, 128]),
        (300, &[2, 64, 128, 256]),
    ] {
        driver.command(&[b"DEL", &keys.all()]);
        for entry in 0..entries {
            let (score, id) = (entry.to_string(), format!("missing {entry}"));
            driver.command(&[b"ZADD", &keys.all(), score.as_bytes(), id.as_bytes()]);
        }
        driver.written.clear();
        let mut walk = list(
            &keys,
            Arc::new(Sizes::default()),
            Filter::default(),
            1,
            None,
        );
        let result = (0..20).find_map(|_| match driver.step(&mut walk, false) {
            Ok(Step::Over(result)) => Some(result),
            _ => None,
        });
        let nothing = Outcome::Document(b"{\"items\":[]}".to_vec());
        assert_eq!(result, Some(Ok(nothing)), "{entries}");
        assert_eq!(asked(&driver), counts);
    }
}

/// A list of so many requests; the bytes that it lets go ahead before it is over, and the walk itself.
fn walked(
    driver: &mut Driver,
    keys: &Keys,
    sizes: &Arc<Sizes>,
    limit: usize,
) -> (usize, impl Operation + use<>) {
    let mut walk = list(keys, Arc::clone(sizes), Filter::default(), limit, None);
    let mut ahead = 0;
    while let Step::Continue = driver.step(&mut walk, false).expect("a connection") {
        ahead += walk.ahead().iter().map(Vec::len).sum::<usize>();
    }
    (ahead, walk)
}

#[test]
fn a_walk_beside_one_that_has_much_ahead_keeps_its_own_until_that_one_is_over() {
    let server = Server::start(&[]);
    let keys = Keys::new(b"p".to_vec());
    let mut driver = Driver::connect(server.port());
    let large = "x".repeat(1 << 20);
    for entry in 0..40 {
        let id = entry.to_string();
        let record = format!("{{\"id\":\"{id}\",\"context\":\"{large}\"}}");
        driver.command(&[b"SET", &keys.request(&id), record.as_bytes()]);
        driver.command(&[b"ZADD", &keys.all(), id.as_bytes(), id.as_bytes()]);
    }
    let sizes = Arc::default();
    let (ahead, first) = walked(&mut driver, &keys, &sizes, 39);
    assert!(ahead > 32 << 20, "alone it is not held up: {ahead}");
    let (ahead, beside) = walked(&mut driver, &keys, &sizes, 8);
    assert_eq!(ahead, 0);
    drop((first, beside));
    let (ahead, _) = walked(&mut driver, &keys, &sizes, 8);
    assert!(ahead > 1 << 20, "{ahead}");
}

#[test]
fn a_page_is_two_commands_and_asks_for_one_entry_beyond_it() {
    let server = Server::start(&[]);
    let keys = Keys::new(b"p".to_vec());
    let mut driver = Driver::connect(server.port());
    let record = br#"{"id":"a","status":"resolved"}"#;
    driver.command(&[b"SET", &keys.request("a"), record]);
    driver.command(&[b"ZADD", &keys.status("resolved"), b"1", b"a"]);
    let sizes = Arc::<Sizes>::default();
    sizes.observe(record.len());
    driver.written.clear();
    let status = Some("resolved".to_owned());
    let filter = Filter {
        status,
        namespace: None,
    };
    let mut walk = list(&keys, sizes, filter, 2, None);
    while let Step::Continue = driver.step(&mut walk, false).expect("a connection") {}
    let written = driver.written.iter().map(|bytes| words(bytes));
    let expected = [
        "ZREVRANGE p:idx:status:resolved 0 2 WITHSCORES",
        "MGET p:req:a",
    ];
    assert_eq!(written.collect::<Vec<_>>(), expected);
}

/// The words of a command.
fn words(command: &[u8]) -> String {
    let text = String::from_utf8_lossy(command);
    let words = text.split("\r\n").skip(2).step_by(2);
    words.collect::<Vec<_>>().join(" ").trim().to_owned()
}
