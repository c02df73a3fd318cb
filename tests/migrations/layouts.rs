//! Stores of every age, writers of every age, and what the indexes ought to be.

use std::collections::{BTreeMap, BTreeSet};

use hitl_state_ioredis::migrations::LEDGER;
use hitl_state_ioredis::store::date;
use redis::{Connection, Pipeline, cmd, pipe};

use super::driver::PREFIX;
use super::support::Server;

/// Sorted sets: key below the prefix → id → score.
pub type Indexes = BTreeMap<String, BTreeMap<Vec<u8>, i64>>;

pub fn key(name: &str) -> Vec<u8> {
    [PREFIX, b":", name.as_bytes()].concat()
}

/// The n-th of some times that are all different and not in the order of n.
pub fn created(n: usize) -> String {
    let n = n * 7919 % 1_000_000;
    format!(
        "2024-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        n % 12 + 1,
        n / 12 % 28 + 1,
        n / 336 % 24,
        n / 8_064 % 60,
        n % 60,
        n % 1_000
    )
}

/// A record as the JavaScript version writes it.
pub fn record(id: &str, namespace: Option<&str>, status: &str, created: &str) -> String {
    let namespace = namespace.map_or(String::new(), |name| format!(r#""namespace":"{name}","#));
    let decided = match status {
        "resolved" => r#","result":{"type":"RESOLVED"},"resolvedAt":"2025-01-01T00:00:00.000Z""#,
        _ => "",
    };
    format!(
        r#"{{"id":"{id}","token":"t-{id}","channel":"slack",{namespace}"message":"ok?","actions":[{{"id":"approve"}}],"context":{{"createdAt":"1999-01-01","status":"x"}},"status":"{status}","createdAt":"{created}"{decided}}}"#
    )
}

/// The status and namespace of the n-th request of a test store.
fn traits(n: usize, layout: u8) -> (&'static str, Option<&'static str>) {
    let status = if n.is_multiple_of(3) {
        "pending"
    } else {
        "resolved"
    };
    let namespace = match n % 5 {
        _ if layout == 1 => None,
        0 => None,
        1 | 2 => Some("team-a"),
        3 => Some("team.b"),
        _ => Some("global"),
    };
    (status, namespace)
}

/// Fills an empty server with `count` requests in layout 1 or 2.
pub fn fill(server: &Server, layout: u8, count: usize) {
    let mut db = server.connection().unwrap();
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(1_000) {
        let mut writes = pipe();
        for &n in chunk {
            let (status, namespace) = traits(n, layout);
            let (id, created) = (format!("r:{n}"), created(n));
            let json = record(&id, namespace, status, &created);
            writes.set(key(&format!("req:{id}")), json);
            for index in [format!("idx:status:{status}"), "idx:all:req".into()] {
                match layout {
                    1 => writes.sadd(key(&index), &id),
                    _ => writes.zadd(key(&index), &id, date::parse(&created).unwrap()),
                };
            }
        }
        writes.exec(&mut db).unwrap();
    }
    if layout == 2 {
        cmd("SADD")
            .arg(key("meta:migrations"))
            .arg(&LEDGER[..2])
            .exec(&mut db)
            .unwrap();
    }
}

/// A server with `count` requests in layout 1 or 2.
pub fn store(layout: u8, count: usize) -> Server {
    let server = Server::start(&[]);
    fill(&server, layout, count);
    server
}

/// Deletes everything and fills the server anew.
pub fn refill(server: &Server, layout: u8, count: usize) {
    server.command(&["FLUSHALL"]);
    fill(server, layout, count);
}

/// Every key of the store, below its prefix.
pub fn names(db: &mut Connection) -> Vec<String> {
    let keys: Vec<Vec<u8>> = cmd("KEYS").arg("*").query(db).unwrap();
    let mut names: Vec<String> = keys
        .iter()
        .map(|key| key.strip_prefix(PREFIX).expect("a key of the store"))
        .map(|name| String::from_utf8(name[1..].to_vec()).unwrap())
        .collect();
    names.sort();
    names
}

/// The sorted indexes of requests that the store has.
pub fn indexes(server: &Server) -> Indexes {
    let mut db = server.connection().unwrap();
    let of_requests = ["idx:status:", "idx:all:", "idx:ns:"];
    names(&mut db)
        .into_iter()
        .filter(|name| of_requests.iter().any(|start| name.starts_with(start)))
        .map(|name| {
            let entries: Vec<(Vec<u8>, i64)> = cmd("ZRANGE")
                .arg(key(&name))
                .arg(&["0", "-1", "WITHSCORES"])
                .query(&mut db)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, entries.into_iter().collect())
        })
        .collect()
}

/// The sorted indexes that the records of the store imply.
pub fn implied(server: &Server) -> Indexes {
    let mut db = server.connection().unwrap();
    let mut indexes = Indexes::new();
    let mut records = names(&mut db);
    records.retain(|name| name.starts_with("req:"));
    let keys: Vec<Vec<u8>> = records.iter().map(|name| key(name)).collect();
    let mut bodies = Vec::<Vec<u8>>::new();
    for keys in keys.chunks(500) {
        bodies.extend(
            cmd("MGET")
                .arg(keys)
                .query::<Vec<Vec<u8>>>(&mut db)
                .unwrap(),
        );
    }
    for (name, json) in records.into_iter().zip(bodies) {
        let record: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let status = record["status"].as_str().unwrap();
        let namespace = record["namespace"].as_str().unwrap_or("global");
        let score = date::parse(record["createdAt"].as_str().unwrap()).unwrap();
        for index in [
            "idx:all:req".into(),
            format!("idx:status:{status}"),
            format!("idx:ns:{namespace}"),
            format!("idx:ns:{namespace}:status:{status}"),
        ] {
            let entries = indexes.entry(index).or_default();
            entries.insert(name["req:".len()..].into(), score);
        }
    }
    indexes
}

/// Asserts that the store is in layout 3, exactly as its records imply, and nothing is left over.
pub fn assert_current(server: &Server, what: &str) {
    let (actual, expected) = (indexes(server), implied(server));
    for name in actual
        .keys()
        .chain(expected.keys())
        .collect::<BTreeSet<_>>()
    {
        let none = BTreeMap::new();
        let actual = actual.get(name).unwrap_or(&none);
        let expected = expected.get(name).unwrap_or(&none);
        let show =
            |these: &BTreeMap<Vec<u8>, i64>, those: &BTreeMap<Vec<u8>, i64>| -> Vec<String> {
                these
                    .iter()
                    .filter(|(id, score)| those.get(*id) != Some(score))
                    .map(|(id, score)| format!("{} at {score}", String::from_utf8_lossy(id)))
                    .take(5)
                    .collect()
            };
        assert!(
            actual == expected,
            "{what}: {name} lacks {:?} and has {:?} too much",
            show(expected, actual),
            show(actual, expected),
        );
    }
    assert_tidy(server, what);
}

/// Asserts that the ledger is full and nothing else is below `meta:`.
pub fn assert_tidy(server: &Server, what: &str) {
    let mut db = server.connection().unwrap();
    let ledger: BTreeSet<String> = cmd("SMEMBERS")
        .arg(key("meta:migrations"))
        .query(&mut db)
        .unwrap();
    assert_eq!(ledger, LEDGER.map(String::from).into(), "{what}");
    let meta: Vec<String> = names(&mut db)
        .into_iter()
        .filter(|name| name.starts_with("meta:"))
        .collect();
    assert_eq!(meta, ["meta:migrations"], "{what}");
}

/// Asserts that every id of the store is in the index of all requests and in its status index,
/// whatever types these are at the moment.
pub fn assert_complete(server: &Server, what: &str) {
    let mut db = server.connection().unwrap();
    for (name, expected) in implied(server) {
        if name.starts_with("idx:ns:") {
            continue;
        }
        let kind: String = cmd("TYPE").arg(key(&name)).query(&mut db).unwrap();
        let command = if kind == "set" {
            cmd("SMEMBERS").arg(key(&name)).to_owned()
        } else {
            cmd("ZRANGE").arg(key(&name)).arg(&["0", "-1"]).to_owned()
        };
        let members: BTreeSet<Vec<u8>> = command.query(&mut db).unwrap();
        assert_eq!(members, expected.into_keys().collect(), "{what}: {name}");
    }
}

/// Creates a request as the JavaScript version does in layout 3: one command after the other.
pub fn create(writes: &mut Pipeline, id: &str, namespace: Option<&str>, created: &str) {
    let score = date::parse(created).unwrap();
    let by_namespace = format!("idx:ns:{}", namespace.unwrap_or("global"));
    writes.set(
        key(&format!("req:{id}")),
        record(id, namespace, "pending", created),
    );
    for index in [
        "idx:status:pending",
        "idx:all:req",
        &by_namespace,
        &format!("{by_namespace}:status:pending"),
    ] {
        writes.zadd(key(index), id, score);
    }
}

/// Decides a request as the JavaScript version does in layout 3: in one script.
pub fn resolve(writes: &mut Pipeline, id: &str, namespace: Option<&str>) {
    const SCRIPT: &str = r#"
        local json, count = string.gsub(redis.call('GET', KEYS[1]) or '', '"status":"pending"', '"status":"resolved"')
        if count ~= 1 then
          return 0
        end
        redis.call('SET', KEYS[1], json)
        local score = redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0
        for at = 2, 4, 2 do
          redis.call('ZREM', KEYS[at], ARGV[1])
          redis.call('ZADD', KEYS[at + 1], score, ARGV[1])
        end
        return 1"#;
    let by_namespace = format!("idx:ns:{}:status:", namespace.unwrap_or("global"));
    let keys = [
        format!("req:{id}"),
        "idx:status:pending".into(),
        "idx:status:resolved".into(),
        format!("{by_namespace}pending"),
        format!("{by_namespace}resolved"),
    ];
    let call = writes.cmd("EVAL").arg(SCRIPT).arg(keys.len());
    for name in &keys {
        call.arg(key(name));
    }
    call.arg(id);
}

/// What writers do to a store of the present layout: new requests, some decided at once, and
/// decisions of old ones. `round` makes ids unique.
pub fn write_some(server: &Server, layout: u8, round: usize, count: usize) {
    let mut writes = pipe();
    for n in (0..count).map(|n| n * 3 + round) {
        let id = format!("new:{round}:{n}");
        let namespace = traits(n + 1, 2).1;
        create(
            &mut writes,
            &id,
            namespace,
            &format!("2025-03-01T00:00:{:02}.{:03}Z", round % 60, n % 1_000),
        );
        if n % 2 == 0 {
            resolve(&mut writes, &id, namespace);
        }
        if n % 3 == 0 {
            resolve(&mut writes, &format!("r:{n}"), traits(n, layout).1);
        }
    }
    writes.exec(&mut server.connection().unwrap()).unwrap();
}
