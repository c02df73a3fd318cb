// Strings that outsiders pass where an id or a text belongs: the texts of the catalogue of values, and many more.

import { SURROGATES, TEXTS } from "./bad-values.mjs";

const CONTROLS = Array.from({ length: 33 }, (_, n) => String.fromCharCode(n < 32 ? n : 127));

const RESP = [
  ...[
    "+OK\r\n",
    "-ERR x\r\n",
    ":1\r\n",
    "*0\r\n",
    "$0\r\n\r\n",
    "%1\r\n",
    "~1\r\n",
    "_\r\n",
    "PING",
    "QUIT\r\n",
    "FLUSHALL",
  ],
  ...[
    "\r\nFLUSHALL\r\n",
    "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
    "*-1\r\n",
    "$536870913\r\n",
    "(nil)",
    "MULTI\nEXEC",
  ],
];

const LUA = [
  ...["return redis.call('FLUSHALL')", "KEYS[1]", "ARGV[1]", "[[", "]]", "--[[", "nil", "#!lua", "end end", "error()"],
  ...["redis.sha1hex('')", "%d", "%1", "\\0", "\\x00", "\\n", "'..KEYS[1]..'", "..", "[=[", "os.exit()"],
];

/** For other machines than this one, to which a log, a page or a query may carry them. */
const INJECTIONS = [
  ...[
    "1; DROP TABLE x",
    '" OR 1=1',
    '{"$ne":null}',
    "{$gt: ''}",
    "@tag:{*}",
    "@x:[0 inf]",
    "$(id)",
    "`id`",
    "| ls",
    "; ls",
  ],
  ...[
    "&& ls",
    "> /tmp/x",
    "*)(uid=*",
    "%00",
    "%2e%2e%2f",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "<!--",
    "<![CDATA[",
  ],
  ...[
    "&lt;",
    "{{7*7}}",
    "#{7*7}",
    "<%= 7 %>",
    "\u001b[31m",
    "\u001b]0;x\u0007",
    "=cmd|' /C calc'!A0",
    "C:\\con",
    "%n%n%n",
  ],
];

/** Addresses with what must never be printed. */
const ADDRESSES = [
  ...[
    "redis://user:secret@host",
    "rediss://:p@ss@h:1/0#insecure",
    "unix:///x?password=y",
    "http://a:b@c/",
    "user:pass@",
  ],
  ...["//a:b@[::1]:6379", "mailto:a@b"],
];

/** The same to the eye, or to a database that folds, and not the same here. */
const UNICODE = [
  ...[
    "ñ",
    "n\u0303",
    "Å",
    "\u212b",
    "A\u030a",
    "ﬁ",
    "fi",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "i\u0307",
    "Σ",
    "ς",
    "\u212a",
    "１",
    "٣",
  ],
  ...[
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\u00a0",
    "\u3000",
    "\u00ad",
    "\u034f",
    "\u061c",
    "\u200e",
    "\u200f",
    "\u202a",
  ],
  ...[
    "\u2066a\u2069",
    "\u180e",
    "\ufe0f",
    "\ue000",
    "\uf8ff",
    "\ufdd0",
    "\ufffe",
    "😀",
    "🇨🇭",
    "\u{e0001}",
    "\u{10fffe}",
  ],
  ...[
    "\u{f0000}",
    "𝕏",
    "𠮷",
    "ก้",
    "اَ",
    "हिन्दी",
    "中文",
    "日本語",
    "한국어",
    "Ελλάδα",
    "Ж",
    "\u0085",
    "a\u0300".repeat(100),
  ],
];

const HALVES = [
  "\ud83d",
  "\ude00",
  "x\ud800:",
  "\udc00\ud800",
  `\ud800${"a".repeat(1000)}`,
  "\ufffd\ud800",
  "\u{1f600}\udc00",
];

/** What looks like a key of ours, or a part of one. */
const KEYS = [
  ...[
    "x:status:resolved",
    "status:pending",
    "idx:all:req",
    "meta:resolve:x",
    "batch:x",
    "notify:x",
    "timeline:x",
    "entry:",
  ],
  ...[
    "ext:",
    "entry:entry:x",
    "ext:ext:x",
    "batch:ext:x",
    "token:x",
    "hitl:human_requests:req:x",
    "ns:global",
    "global",
  ],
  ...[
    "global:status:pending",
    "Global",
    ".",
    "-",
    "_",
    "a.b",
    "a/b",
    "a b",
    " a",
    "a ",
    "A".repeat(128),
    "a".repeat(129),
  ],
];

const NUMBERS = [
  "00",
  "1",
  "-1",
  "+1",
  "1.0",
  "1e5",
  "1e308",
  "-Infinity",
  "9007199254740993",
  "0x10",
  "0b1",
  "1_000",
  "1n",
];

const DATES = [
  "2026-01-01",
  "2026-01-01T00:00:00.000Z",
  "now",
  "0000-00-00",
  "1 Jan 2026",
  "+275760-09-13T00:00:00.001Z",
];

const JSONS = [
  "[]",
  '{"a":1}',
  "\\u0000",
  "\\ud800",
  "tru",
  '{"__proto__":{}}',
  '{"status":"pending"}',
  '","id":"y',
  "\\",
  '\\"}',
];

const NAMES = [
  "__defineGetter__",
  "valueOf",
  "isPrototypeOf",
  "constructor.prototype",
  "__proto__.polluted",
  "toJSON",
  "length",
];

const LONG = ["x".repeat(10_240), "😀".repeat(16_384), "x".repeat(1 << 20), ":".repeat(1000), "{".repeat(1000)];

const ALL = [
  ...[TEXTS, SURROGATES, CONTROLS, RESP, LUA, INJECTIONS, ADDRESSES, UNICODE, HALVES],
  ...[KEYS, NUMBERS, DATES, JSONS, NAMES, LONG],
];

/** More than 250 strings, each of them once. */
export const BAD_STRINGS = [...new Set(ALL.flat())];
