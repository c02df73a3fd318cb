//! What the replies to an attempt mean for the connection, before the operation sees them.

use redis::{ServerError, Value};

use super::command::ScriptForm;
use super::reply::refusal;
use super::settings::{Node, Settings};
use crate::error::Error;

/// What to do with an answered attempt.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// The operation reads the replies.
    Deliver,
    /// The server does not know a script: once more, with its text.
    WithSource,
    /// The server did not execute it because it cannot serve now: once more, later.
    Later,
    /// The server did not execute it, and another one may have its place by now: once more, on a
    /// new connection.
    Elsewhere,
    /// The server did not execute it, because this node does it.
    Moved(Node),
}

/// What a refusal says depends on what the connection expects of its server.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Expectations {
    /// It is a node of a cluster.
    cluster: bool,
    /// It may write.
    primary: bool,
}

impl Expectations {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            cluster: settings.cluster_key.is_some(),
            primary: settings.wants_primary(),
        }
    }

    /// Judges the replies to an attempt in which scripts were named in this form.
    pub(super) fn judge(self, replies: &[Value], form: ScriptForm) -> Verdict {
        let refusals = replies.iter().filter_map(refusal);
        refusals
            .map(|error| self.verdict(error, form))
            .max()
            .unwrap_or(Verdict::Deliver)
    }

    fn verdict(self, refusal: &ServerError, form: ScriptForm) -> Verdict {
        let error = Error::server(refusal);
        match error.code() {
            "NOSCRIPT" if form == ScriptForm::Sha => Verdict::WithSource,
            "LOADING" | "BUSY" | "MASTERDOWN" => Verdict::Later,
            "READONLY" if self.primary => Verdict::Elsewhere,
            _ if !self.cluster => Verdict::Deliver,
            "MOVED" => moved(refusal).map_or(Verdict::Deliver, Verdict::Moved),
            // The slot is on its way to another node, and with it some of the keys. Following ASK
            // would let a script see the part that has arrived as if it were all there is.
            "TRYAGAIN" | "ASK" => Verdict::Later,
            // The same, said of a key that a script has found out about.
            "ERR" if error.to_string().contains("non local key") => Verdict::Later,
            "CLUSTERDOWN" => Verdict::Elsewhere,
            _ => Verdict::Deliver,
        }
    }
}

/// The node that `MOVED slot host:port` names. Without a host it is where the answer came from.
pub(super) fn moved(refusal: &ServerError) -> Option<Node> {
    let place = refusal.details()?.split(' ').nth(1)?;
    let (host, port) = place.rsplit_once(':')?;
    let host = if host == "?" { "" } else { host };
    Some(Node {
        host: host.to_owned(),
        port: port.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: Expectations = Expectations {
        cluster: true,
        primary: true,
    };
    const PRIMARY: Expectations = Expectations {
        cluster: false,
        primary: true,
    };
    const REPLICA: Expectations = Expectations {
        cluster: false,
        primary: false,
    };

    fn judge(expectations: Expectations, line: &str, form: ScriptForm) -> Verdict {
        let reply = format!("-{line}\r\n");
        let reply = redis::parse_redis_value(reply.as_bytes()).unwrap();
        expectations.judge(&[Value::Int(1), reply], form)
    }

    fn node(host: &str, port: u16) -> Verdict {
        let host = host.to_owned();
        Verdict::Moved(Node { host, port })
    }

    #[test]
    fn only_a_command_that_was_not_executed_is_made_again() {
        let (sha, source) = (ScriptForm::Sha, ScriptForm::Source);
        for (expectations, line, form, verdict) in [
            (PRIMARY, "NOSCRIPT No script", sha, Verdict::WithSource),
            (PRIMARY, "NOSCRIPT No script", source, Verdict::Deliver),
            (PRIMARY, "LOADING Redis is loading", sha, Verdict::Later),
            (PRIMARY, "BUSY Redis is busy", source, Verdict::Later),
            (PRIMARY, "MASTERDOWN Link is down", sha, Verdict::Later),
            (PRIMARY, "READONLY You can't", sha, Verdict::Elsewhere),
            (
                PRIMARY,
                "@user_script: 7: -READONLY You can't",
                sha,
                Verdict::Elsewhere,
            ),
            (REPLICA, "READONLY You can't", sha, Verdict::Deliver),
            (PRIMARY, "OOM x", sha, Verdict::Deliver),
            (PRIMARY, "ERR BUSY", sha, Verdict::Deliver),
            (PRIMARY, "BUSYKEY x", sha, Verdict::Deliver),
            (CLUSTER, "TRYAGAIN Multiple keys", sha, Verdict::Later),
            (CLUSTER, "ASK 1 10.0.0.1:7000", sha, Verdict::Later),
            (
                CLUSTER,
                "ERR Script attempted to access a non local key in a cluster node",
                sha,
                Verdict::Later,
            ),
            (CLUSTER, "CLUSTERDOWN Hash slot", sha, Verdict::Elsewhere),
            (CLUSTER, "CROSSSLOT Keys", sha, Verdict::Deliver),
        ] {
            assert_eq!(judge(expectations, line, form), verdict, "{line}");
        }
    }

    #[test]
    fn a_cluster_says_which_node_does_it() {
        let sha = ScriptForm::Sha;
        for (line, verdict) in [
            ("MOVED 42 10.0.0.1:7000", node("10.0.0.1", 7000)),
            ("MOVED 42 2001:db8::1:7000", node("2001:db8::1", 7000)),
            ("MOVED 42 node.example:7000", node("node.example", 7000)),
            ("MOVED 42 :7000", node("", 7000)),
            ("MOVED 42 ?:7000", node("", 7000)),
            ("MOVED 42", Verdict::Deliver),
            ("MOVED 42 host:99999", Verdict::Deliver),
        ] {
            assert_eq!(judge(CLUSTER, line, sha), verdict, "{line}");
        }
        let line = "MOVED 42 10.0.0.1:7000";
        assert_eq!(judge(PRIMARY, line, sha), Verdict::Deliver);
    }
}
