//! What sentinels say of servers and of each other.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use redis::Value;

use crate::connection::settings::Replica;

/// The preferred one of the working replicas; without a preference that works, any of them.
pub(super) fn pick(replicas: &[Value], preferred: &[Replica]) -> Option<(String, u16)> {
    let working: Vec<&Value> = replicas
        .iter()
        .filter(|replica| is_working(replica))
        .collect();
    let wanted = |wish: &Replica| {
        working.iter().find(|replica| {
            field(replica, "ip").as_ref() == Some(&wish.ip)
                && field(replica, "port").as_ref() == Some(&wish.port)
        })
    };
    let any = || {
        let chance = usize::try_from(RandomState::new().hash_one(())).unwrap_or_default();
        working.get(chance.checked_rem(working.len())?)
    };
    address_of(preferred.iter().find_map(wanted).or_else(any)?)
}

fn is_working(replica: &Value) -> bool {
    let down = ["disconnected", "s_down", "o_down"];
    field(replica, "flags")
        .is_some_and(|flags| !flags.is_empty() && !down.iter().any(|word| flags.contains(word)))
}

/// The address of a sentinel, unless the one that lists it has lost it.
pub(super) fn working_sentinel(sentinel: &Value) -> Option<(String, u16)> {
    let flags = field(sentinel, "flags").unwrap_or_default();
    let lost = flags.split(',').any(|flag| flag == "disconnected");
    if lost { None } else { address_of(sentinel) }
}

fn address_of(entry: &Value) -> Option<(String, u16)> {
    let (ip, port) = (field(entry, "ip")?, field(entry, "port")?);
    (!ip.is_empty()).then_some((ip, port.parse().ok()?))
}

pub(super) fn place_of(host: Option<&Value>, port: Option<&Value>) -> Option<(String, u16)> {
    Some((text(host?)?, text(port?)?.parse().ok()?))
}

/// A field of what sentinels list as names and values in turn.
fn field(entry: &Value, name: &str) -> Option<String> {
    let Value::Array(entry) = entry else {
        return None;
    };
    let mut pairs = entry.chunks_exact(2);
    let pair = pairs.find(|pair| text(&pair[0]).as_deref() == Some(name))?;
    text(&pair[1])
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}
