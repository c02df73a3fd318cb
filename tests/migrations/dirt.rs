//! Stores with something wrong in them: it stops nothing, and it lands where the migrations say.

use redis::Commands;

use super::driver::migrate;
use super::layouts::{assert_tidy, fill, indexes, key, record, refill};
use super::support::Server;

/// A store with something wrong in every way, beside ten sound requests.
fn fill_with_dirt(server: &Server, layout: u8) {
    fill(server, layout, 10);
    let mut db = server.connection().unwrap();
    let mut list = |status: &str, id: &str, json: Option<&str>| {
        for index in [format!("idx:status:{status}"), "idx:all:req".into()] {
            let () = match layout {
                1 => db.sadd(key(&index), id).unwrap(),
                _ => db.zadd(key(&index), id, 7).unwrap(),
            };
        }
        if let Some(json) = json {
            let () = db.set(key(&format!("req:{id}")), json).unwrap();
        }
    };
    let day = "2024-05-05T00:00:00.000Z";
    list("pending", "missing", None);
    list("resolved", "empty", Some(""));
    list("pending", "cut", Some(r#"{"id":"cut","status":"pend"#));
    list("pending", "array", Some("[]"));
    list(
        "pending",
        "undated",
        Some(r#"{"id":"undated","status":"pending"}"#),
    );
    list(
        "pending",
        "misdated",
        Some(&record("misdated", Some("x"), "pending", "tomorrow")),
    );
    list(
        "pending",
        "null",
        Some(r#"{"namespace":null,"status":"pending","createdAt":"2024-05-05"}"#),
    );
    list(
        "pending",
        "colon",
        Some(&record("colon", Some("a:status:pending"), "pending", day)),
    );
    list(
        "pending",
        "number",
        Some(r#"{"namespace":5,"status":"pending","createdAt":"2024-05-05"}"#),
    );
    list(
        "pending",
        "decided",
        Some(&record("decided", None, "resolved", day)),
    );
    list(
        "resolved",
        "undone",
        Some(&record("undone", None, "pending", day)),
    );
    list(
        "pending",
        "strange",
        Some(&record("strange", None, "maybe", day)),
    );
    list(
        "pending",
        "\u{0}\r\n*{}",
        Some(&record("nul", None, "pending", day)),
    );
    list(
        "pending",
        "large",
        Some(&record(&"x".repeat(3 << 20), None, "pending", day)),
    );
    list("pending", "hash", None);
    let () = db.hset(key("req:hash"), "a", "b").unwrap();
}

#[test]
fn dirty_records_stop_nothing() {
    const MAY_5: i64 = 1_714_867_200_000;
    let server = Server::start(&[]);
    for layout in [1, 2] {
        refill(&server, layout, 0);
        fill_with_dirt(&server, layout);
        migrate(server.port());
        assert_tidy(&server, "dirty");
        let indexes = indexes(&server);
        let of = |index: &str| -> Vec<(&str, i64)> {
            let entries = indexes[index].iter();
            let named = entries.map(|(id, score)| (str::from_utf8(id).unwrap(), *score));
            named.filter(|(id, _)| !id.starts_with("r:")).collect()
        };
        let score = |dated| if layout == 1 { dated } else { 7 };
        let old = |(id, dated)| (id, score(dated));
        assert_eq!(
            of("idx:status:pending"),
            [
                ("\u{0}\r\n*{}", MAY_5),
                ("array", 0),
                ("colon", MAY_5),
                ("cut", 0),
                ("decided", MAY_5),
                ("hash", 0),
                ("large", MAY_5),
                ("misdated", 0),
                ("missing", 0),
                ("null", MAY_5),
                ("number", MAY_5),
                ("strange", MAY_5),
                ("undated", 0),
            ]
            .map(old)
        );
        assert_eq!(
            of("idx:status:resolved"),
            [("empty", 0), ("undone", MAY_5)].map(old)
        );
        assert_eq!(of("idx:all:req").len(), 15);
        assert_eq!(
            of("idx:ns:global"),
            [
                ("\u{0}\r\n*{}", MAY_5),
                ("decided", MAY_5),
                ("large", MAY_5),
                ("null", MAY_5),
                ("strange", MAY_5),
                ("undated", 0),
                ("undone", MAY_5),
            ]
        );
        assert_eq!(
            of("idx:ns:global:status:pending"),
            [
                ("\u{0}\r\n*{}", MAY_5),
                ("large", MAY_5),
                ("null", MAY_5),
                ("strange", MAY_5),
                ("undated", 0)
            ]
        );
        assert_eq!(
            of("idx:ns:global:status:resolved"),
            [("decided", MAY_5), ("undone", MAY_5)]
        );
        assert_eq!(of("idx:ns:x"), [("misdated", 0)]);
        assert_eq!(
            indexes
                .keys()
                .filter(|name| name.contains("idx:ns:a"))
                .count(),
            0
        );
    }
}
