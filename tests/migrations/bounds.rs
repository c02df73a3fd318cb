//! No command is large, and none holds the server for long.

use std::fs;
use std::time::Duration;

use hitl_state_ioredis::connection::{Outcome, Step};
use redis::{Commands, cmd};

use super::driver::{Driver, ensure};
use super::layouts::{assert_current, fill, key, record, store};
use super::support::Server;

/// The commands of one write, as lists of arguments.
fn commands(mut bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    fn number(bytes: &mut &[u8]) -> usize {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let number = str::from_utf8(&bytes[1..end]).unwrap().parse().unwrap();
        *bytes = &bytes[end + 2..];
        number
    }
    let mut commands = Vec::new();
    while !bytes.is_empty() {
        let count = number(&mut bytes);
        let args = (0..count).map(|_| {
            let length = number(&mut bytes);
            let (arg, rest) = bytes.split_at(length);
            bytes = &rest[2..];
            arg
        });
        commands.push(args.collect());
    }
    commands
}

#[test]
fn every_command_is_bounded_by_count_and_by_bytes() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        server.command(&["FLUSHALL"]);
        fill(&server, layout, 5_000);
        let mut db = server.connection().unwrap();
        for n in 0..120 {
            // From 3 KB to 3 MB.
            let (id, padding) = (format!("r:{}", n * 40), "x".repeat(3_000 << (n % 11)));
            let json: String = db.get(key(&format!("req:{id}"))).unwrap();
            let () = db
                .set(key(&format!("req:{id}")), json.replace("ok?", &padding))
                .unwrap();
        }
        let mut driver = Driver::connect(server.port());
        driver.finish(&mut ensure()).unwrap();
        assert_current(&server, "large records");

        let mut records = 0;
        for write in &driver.written {
            let commands = commands(write);
            assert!(
                commands.len() <= 9,
                "{} commands in one write",
                commands.len()
            );
            for command in commands {
                let name = str::from_utf8(command[0]).unwrap();
                let bytes: usize = command.iter().map(|arg| arg.len()).sum();
                assert!(bytes < 512 << 10, "{name} of {bytes} bytes");
                match name {
                    "MGET" => {
                        let sizes: Vec<usize> = command[1..]
                            .iter()
                            .map(|key| db.strlen(key).unwrap())
                            .collect();
                        assert!(sizes.len() <= 500);
                        assert!(
                            sizes.len() == 1 || sizes.iter().sum::<usize>() <= 1 << 20,
                            "{sizes:?}"
                        );
                        records += sizes.len();
                    }
                    "EVALSHA" | "EVAL" => {
                        let keys: usize = str::from_utf8(command[2]).unwrap().parse().unwrap();
                        assert!(keys <= 4 + 3 * 500);
                        assert!(
                            command.len() - 3 - keys <= 2 + 4 * 500,
                            "{} arguments",
                            command.len()
                        );
                    }
                    "SSCAN" | "ZSCAN" => assert_eq!(command[4], b"480"),
                    "ZRANGE" => {
                        let rank =
                            |arg: &[u8]| str::from_utf8(arg).unwrap().parse::<usize>().unwrap();
                        assert_eq!(rank(command[3]) - rank(command[2]), 499);
                    }
                    "SMEMBERS" => assert!(command[1].ends_with(b":meta:migrations")),
                    _ => assert!(
                        command.len() <= 7,
                        "{name} with {} arguments",
                        command.len()
                    ),
                }
            }
        }
        // Each body once for its date and once for its namespace.
        assert_eq!(records, if layout == 1 { 10_000 } else { 5_000 });
    }
}

#[test]
fn long_ids_are_sent_in_smaller_chunks() {
    let server = store(1, 0);
    let mut db = server.connection().unwrap();
    for n in 0..60 {
        let id = format!("{n}:{}", "i".repeat(40_000));
        let () = db
            .set(
                key(&format!("req:{id}")),
                record(&id, None, "pending", "2024-01-01"),
            )
            .unwrap();
        let () = db.sadd(key("idx:status:pending"), &id).unwrap();
        let () = db.sadd(key("idx:all:req"), &id).unwrap();
    }
    let mut driver = Driver::connect(server.port());
    driver.finish(&mut ensure()).unwrap();
    assert_current(&server, "long ids");
    for command in driver.written.iter().flat_map(|write| commands(write)) {
        if command[0] == b"EVALSHA" {
            assert!(command.iter().map(|arg| arg.len()).sum::<usize>() < 512 << 10);
        }
    }
}

/// A store of `count` requests, made on the server.
fn generate(server: &Server, count: usize) {
    const SCRIPT: &str = r#"
        for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
          local id, status = 'r:' .. n, n % 10 == 0 and 'pending' or 'resolved'
          local created = string.format('2024-%02d-%02dT%02d:00:%02d.%03dZ', n % 12 + 1, n % 28 + 1, n % 24, n % 60, n % 1000)
          redis.call('SET', KEYS[1] .. 'req:' .. id, '{"id":"' .. id .. '","message":"' .. ARGV[3] .. '","status":"' .. status .. '","createdAt":"' .. created .. '"}')
          redis.call('SADD', KEYS[1] .. 'idx:status:' .. status, id)
          redis.call('SADD', KEYS[1] .. 'idx:all:req', id)
        end"#;
    let mut db = server.connection().unwrap();
    for first in (0..count).step_by(10_000) {
        cmd("EVAL")
            .arg(SCRIPT)
            .arg(1)
            .arg(key(""))
            .arg(first)
            .arg((first + 10_000).min(count) - 1)
            .arg("m".repeat(500))
            .exec(&mut db)
            .unwrap();
    }
}

/// The process of a server.
struct Process(String);

impl Process {
    fn of(server: &Server) -> Self {
        let info: String = redis::from_redis_value(server.command(&["INFO", "server"])).unwrap();
        let id = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        Self(format!("/proc/{}/schedstat", id.unwrap()))
    }

    /// How long its main thread has been on a processor: unlike the clock, this does not count
    /// what the rest of the machine does meanwhile.
    fn busy(&self) -> Duration {
        let times = fs::read_to_string(&self.0).unwrap();
        Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_hundred_thousand_requests_never_hold_the_server_for_long() {
    const COUNT: usize = 100_000;
    let server = Server::start(&[]);
    generate(&server, COUNT);
    let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
    let process = Process::of(&server);
    let mut slowest = Vec::new();
    loop {
        let before = process.busy();
        let step = driver.step(&mut run, false).unwrap();
        slowest.push((process.busy().saturating_sub(before), driver.steps));
        if let Step::Over(result) = step {
            break assert_eq!(result, Ok(Outcome::Done));
        }
    }
    slowest.sort_unstable();
    let slowest = &slowest[slowest.len() - 5..];
    assert!(slowest[4].0 < Duration::from_millis(25), "{slowest:?}");
    // Round trips: 8 for 500 requests in the second migration, 5 in the third.
    assert!(driver.steps < COUNT / 500 * 20, "{}", driver.steps);
    let mut db = server.connection().unwrap();
    for (name, expected) in [
        ("idx:all:req", COUNT),
        ("idx:ns:global", COUNT),
        ("idx:status:pending", COUNT / 10),
    ] {
        assert_eq!(db.zcard::<_, usize>(key(name)).unwrap(), expected);
    }
}
