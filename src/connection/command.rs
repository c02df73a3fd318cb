//! Commands as bytes: what an operation asks of the server in one attempt.

/// How scripts are named in an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptForm {
    /// `EVALSHA`: the server knows the script.
    Sha,
    /// `EVAL` with the text: the server has said `NOSCRIPT`.
    Source,
}

/// A Lua script whose text never changes: all data go through `KEYS` and `ARGV`.
#[derive(Debug)]
pub struct Script {
    /// The text.
    pub source: &'static str,
    /// The SHA-1 of the text in hexadecimal, as the server computes it.
    pub sha: String,
}

impl Script {
    /// The script with this text.
    #[must_use]
    pub fn new(source: &'static str) -> Self {
        let sha = redis::Script::new(source).get_hash().to_owned();
        Self { source, sha }
    }
}

/// The commands of one attempt of one operation, appended to a connection's output.
///
/// An operation that writes two commands here gets two replies; both travel in one write.
pub struct CommandWriter<'a> {
    out: &'a mut Vec<u8>,
    form: ScriptForm,
    commands: usize,
}

impl<'a> CommandWriter<'a> {
    /// Starts an attempt that is appended to `out`.
    pub fn new(out: &'a mut Vec<u8>, form: ScriptForm) -> Self {
        Self {
            out,
            form,
            commands: 0,
        }
    }

    /// How many commands, and so how many replies, this attempt has.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.commands
    }

    /// Writes one command: its name and arguments.
    pub fn command<'b>(&mut self, args: impl ExactSizeIterator<Item = &'b [u8]>) {
        self.header(b'*', args.len());
        args.for_each(|arg| self.bulk(arg));
        self.commands += 1;
    }

    /// Writes a call of `script` with its keys and arguments.
    pub fn script(&mut self, script: &Script, keys: &[&[u8]], args: &[&[u8]]) {
        self.header(b'*', 3 + keys.len() + args.len());
        match self.form {
            ScriptForm::Sha => {
                self.bulk(b"EVALSHA");
                self.bulk(script.sha.as_bytes());
            }
            ScriptForm::Source => {
                self.bulk(b"EVAL");
                self.bulk(script.source.as_bytes());
            }
        }
        self.bulk(keys.len().to_string().as_bytes());
        keys.iter().chain(args).for_each(|arg| self.bulk(arg));
        self.commands += 1;
    }

    fn header(&mut self, kind: u8, count: usize) {
        self.out.push(kind);
        self.out.extend_from_slice(count.to_string().as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    fn bulk(&mut self, arg: &[u8]) {
        self.header(b'$', arg.len());
        self.out.extend_from_slice(arg);
        self.out.extend_from_slice(b"\r\n");
    }
}
