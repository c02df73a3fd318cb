//! What the replies to an attempt mean for the connection, before the operation sees them.

use redis::Value;

use super::command::ScriptForm;
use super::reply::refusal;

/// What to do with an answered attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The operation reads the replies.
    Deliver,
    /// The server does not know a script: once more, with its text.
    WithSource,
    /// The server did not execute it because it cannot serve now: once more, later.
    Later,
}

/// Judges the replies to an attempt in which scripts were named in this form.
///
/// `READONLY` after a failover is an answer like any other here, and so are the redirections of
/// a cluster.
pub(super) fn judge(replies: &[Value], form: ScriptForm) -> Verdict {
    let mut verdict = Verdict::Deliver;
    for error in replies.iter().filter_map(refusal) {
        match error.code() {
            "NOSCRIPT" if form == ScriptForm::Sha => return Verdict::WithSource,
            "LOADING" | "BUSY" | "MASTERDOWN" => verdict = Verdict::Later,
            _ => {}
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_that_was_not_executed_is_made_again() {
        let judge = |text: &[u8], form| {
            judge(
                &[Value::Int(1), redis::parse_redis_value(text).unwrap()],
                form,
            )
        };
        let (sha, source) = (ScriptForm::Sha, ScriptForm::Source);
        assert_eq!(
            judge(b"-NOSCRIPT No matching script.\r\n", sha),
            Verdict::WithSource
        );
        assert_eq!(
            judge(b"-NOSCRIPT No matching script.\r\n", source),
            Verdict::Deliver
        );
        assert_eq!(judge(b"-LOADING Redis is loading\r\n", sha), Verdict::Later);
        assert_eq!(judge(b"-BUSY Redis is busy\r\n", source), Verdict::Later);
        assert_eq!(
            judge(b"-MASTERDOWN Link with MASTER is down\r\n", sha),
            Verdict::Later
        );
        for answer in [
            "-READONLY x\r\n",
            "-OOM x\r\n",
            "-ERR BUSY\r\n",
            "-BUSYKEY x\r\n",
            "+BUSY\r\n",
        ] {
            assert_eq!(judge(answer.as_bytes(), sha), Verdict::Deliver, "{answer}");
        }
    }
}
