//! What is written is what a server reads.

use redis::{Parser, Value};

use super::draw::Draw;
use crate::connection::{CommandWriter, ScriptForm};
use crate::store::scripts::FIND;

/// Commands with any arguments, one behind the other, are read back as they were meant: by the library's
/// reader, since a command is an array of strings.
pub fn commands(data: &[u8]) {
    let mut draw = Draw::new(data);
    let form = draw.pick(&[ScriptForm::Sha, ScriptForm::Source]);
    let (mut out, mut expected) = (Vec::new(), Vec::new());
    let mut writer = CommandWriter::new(&mut out, form);
    while !draw.is_over() {
        let is_script = draw.below(2) == 0;
        let mut some = || {
            (0..draw.below(5))
                .map(|_| draw.bytes(60))
                .collect::<Vec<_>>()
        };
        let (keys, args) = (some(), some());
        if is_script {
            writer.script(&FIND, &keys, &args);
            let text = match form {
                ScriptForm::Sha => &FIND.sha,
                ScriptForm::Source => FIND.source,
            };
            let count = keys.len().to_string();
            let words = [&[text.as_bytes(), count.as_bytes()], &keys[..], &args[..]].concat();
            expected.push((is_script, strings(&words)));
        } else {
            writer.command(args.iter().copied());
            expected.push((is_script, strings(&args)));
        }
    }
    assert_eq!(writer.commands(), expected.len());
    let mut unread = &out[..];
    let mut parser = Parser::new();
    for (is_script, words) in expected {
        let Ok(Value::Array(mut read)) = parser.parse_value(&mut unread) else {
            panic!("no command");
        };
        if is_script {
            // The name of the command, which every test on a server needs to be right.
            read.remove(0);
        }
        assert_eq!(read, words);
    }
    assert!(unread.is_empty());
}

fn strings(words: &[&[u8]]) -> Vec<Value> {
    words
        .iter()
        .map(|word| Value::BulkString(word.to_vec()))
        .collect()
}
