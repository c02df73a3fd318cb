//! What may be shown of a server's own words.

/// A server text without what it repeats of the command and its sender: arguments, key names,
/// positions in a script, the user.
pub(super) fn redacted(said: &str) -> String {
    const ECHOES: [&str; 4] = [
        ", with args beginning with",
        " to access the '",
        " script: ",
        ", on @user_script",
    ];
    let said = plain(said);
    let end = ECHOES
        .iter()
        .filter_map(|echo| said.find(echo))
        .min()
        .unwrap_or(said.len());
    let text = unquoted(&said[..end]);
    match text.strip_prefix("NOPERM User ") {
        Some(refusal) => match refusal.find(" has no permissions") {
            Some(verb) => format!("NOPERM This user{}", &refusal[verb..]),
            None => "NOPERM".to_owned(),
        },
        None => text,
    }
}

/// The refusal of a command inside a script, without the place in the script that servers before
/// 7.0 put in front of it: `@user_script: 12: -OOM command not allowed…`.
fn plain(text: &str) -> &str {
    match text.split_once(": -") {
        Some((place, refusal)) if place.starts_with("@user_script") => refusal,
        _ => text,
    }
}

/// A text in which quotes hold names of commands and nothing else. Apostrophes stay.
fn unquoted(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let (before, quoted) = rest.split_at(at);
        let (quote, inside) = quoted.split_at(1);
        kept.push_str(before);
        let is_apostrophe = kept.ends_with(char::is_alphanumeric);
        kept.push_str(quote);
        rest = inside;
        if !is_apostrophe {
            // Without a second one it holds all that is left.
            let end = inside.find(quote).unwrap_or(inside.len());
            let (content, after) = inside.split_at(end);
            kept.push_str(if names_command(content) {
                content
            } else {
                "…"
            });
            kept.push_str(quote);
            rest = after.strip_prefix(quote).unwrap_or_default();
        }
    }
    kept + rest
}

/// Whether a word may be a command's name: `evalsha`, `client|setname`.
fn names_command(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '|')
}

#[cfg(test)]
mod tests {
    use crate::error::Error;

    fn server(line: &str) -> (String, String) {
        match redis::parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(redis::Value::ServerError(error)) => {
                let error = Error::server(&error);
                (error.code().to_owned(), error.to_string())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_the_servers_own_text_without_what_it_echoes() {
        for (line, code, text) in [
            ("OOM command not allowed", "OOM", "OOM command not allowed"),
            (
                "@user_script: 12: -OOM command not allowed",
                "OOM",
                "OOM command not allowed",
            ),
            (
                "ERR unknown command 'GTE', with args beginning with: 'secret'",
                "ERR",
                "ERR unknown command 'GTE'",
            ),
            (
                "WRONGTYPE Operation against a key script: ab12, on @user_script:1.",
                "WRONGTYPE",
                "WRONGTYPE Operation against a key",
            ),
            ("NOAUTH", "NOAUTH", "NOAUTH"),
            (
                "NOPERM User alice has no permissions to run the 'client|setname' command",
                "NOPERM",
                "NOPERM This user has no permissions to run the 'client|setname' command",
            ),
            (
                "ERR value \"se'cret\" of `k:1` can't be \"it",
                "ERR",
                "ERR value \"…\" of `…` can't be \"it\"",
            ),
            ("ERR bad 'k:1", "ERR", "ERR bad '…'"),
            ("ERR bad ''", "ERR", "ERR bad '…'"),
            ("ERR no number: -7", "ERR", "ERR no number: -7"),
            (
                "READONLY You can't write against a read only replica.",
                "READONLY",
                "READONLY You can't write against a read only replica.",
            ),
        ] {
            assert_eq!(server(line), (code.to_owned(), text.to_owned()));
        }
    }
}
