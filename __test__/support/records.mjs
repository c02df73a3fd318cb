// Makers of records, the bytes that a store must hold for them, and the values that JSON can be made of.

/** The order in which the fields of each kind of record are written. */
export const FIELDS = {
  request:
    "id token channel namespace message actions context status externalId externalIds result createdAt resolvedAt batchId batchIndex",
  batch: "id channel message actions context externalId externalIds createdAt",
  entry: "id threadId message detail createdAt",
  delivery: "id channel message groupId externalId createdAt",
};

for (const kind of Object.keys(FIELDS)) FIELDS[kind] = FIELDS[kind].split(" ");

/** What the store holds for this record: its known fields in the writing order, absent ones left out. */
export function stored(kind, record) {
  return JSON.stringify(
    Object.fromEntries(FIELDS[kind].filter((field) => field in record).map((field) => [field, record[field]])),
  );
}

let counter = 0;

/** A name that nothing in this process has had before. */
export function unique(name) {
  counter += 1;
  return `${name}-${counter}`;
}

export const ACTIONS = [
  { id: "approve", label: "Approve", style: "primary" },
  { id: "deny", label: "Deny", fields: { reason: { kind: "textarea", label: "Why?" } } },
];

/** A new human request. */
export function request(overrides = {}) {
  const id = overrides.id ?? unique("req");
  return {
    id,
    token: `token-of-${id}`,
    channel: "slack",
    namespace: "global",
    message: "May I send the money?",
    actions: ACTIONS,
    context: { amount: 12.5, currency: "EUR" },
    ...overrides,
  };
}

/** What `get` answers for a request that has just been created. */
export function pending(request, createdAt) {
  return { ...request, status: "pending", createdAt };
}

export function batch(overrides = {}) {
  return { id: unique("batch"), channel: "slack", message: "Three invoices", actions: ACTIONS, ...overrides };
}

export function delivery(overrides = {}) {
  return { id: unique("delivery"), channel: "email", message: "Done", groupId: "finance", ...overrides };
}

export function entry(overrides = {}) {
  return {
    id: unique("entry"),
    threadId: "thread",
    message: "Asked finance",
    createdAt: "2026-01-02T03:04:05.006Z",
    ...overrides,
  };
}

/** A human's decision on the request `id`. */
export function decision(id, overrides = {}) {
  return {
    type: "RESOLVED",
    actionId: "approve",
    id,
    externalRef: `ref-${id}`,
    by: { id: "U1", name: "Ada" },
    feedbacks: { reason: "ok" },
    ...overrides,
  };
}

/** `depth` arrays in one another. */
export const nested = (depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

/** A string of JSON text that looks like the fields the splicer changes. */
export const LOOKALIKE = '","status":"pending","createdAt":"2020-01-01T00:00:00.000Z","batchId":"b","batchIndex":1}';

/** Values that JSON can hold, each with its name: all must come back as `JSON.parse(JSON.stringify(value))`. */
export const VALUES = [
  ["zero", 0],
  ["negative zero", -0],
  ["2^53 - 1", 2 ** 53 - 1],
  ["-(2^53 - 1)", -(2 ** 53 - 1)],
  ["2^53 + 2", 2 ** 53 + 2],
  ["1e21", 1e21],
  ["5e-324", 5e-324],
  ["the greatest double", Number.MAX_VALUE],
  ["0.1 + 0.2", 0.1 + 0.2],
  ["a time in ms with a fraction", 1723456789012.345],
  ["null", null],
  ["true", true],
  ["false", false],
  ["empty string", ""],
  ["empty array", []],
  ["empty object", {}],
  ["empty things in one another", { a: [], b: {}, c: [[], {}], d: { e: { f: [] } } }],
  ["empty key", { "": { "": "" } }],
  ["integer-like keys", { 10: "a", 9: "b", x: "c", 1: "d" }],
  ["own __proto__", JSON.parse('{"__proto__":{"polluted":true},"a":1}')],
  ["own constructor", JSON.parse('{"constructor":{"prototype":{"polluted":true}}}')],
  ["names of Object.prototype", { toString: "a", hasOwnProperty: null, valueOf: 1 }],
  ["toJSON as data", { toJSON: "not a function" }],
  ["a lone high surrogate", "\ud800"],
  ["a lone low surrogate", { "\udc00": "a\udc00b" }],
  ["surrogates the wrong way round", "\ude00\ud83d"],
  ["line separators", "a\u2028b\u2029c"],
  ["NUL and controls", "\0\x01\b\t\n\v\f\r\x1f\x7f"],
  ["quotes and backslashes", '"\\"\\\\"\\u0041/'],
  ["slashes", "https://example.com/a/b?c=d"],
  ["emoji", "👩‍👩‍👧‍👦 🇨🇭 ✅"],
  ["a byte-order mark", "\ufeffa"],
  ["the last code point", "\u{10ffff}"],
  ["combining and right-to-left", "e\u0301 שלום"],
  ["RESP", "*1\r\n$4\r\nPING\r\n"],
  ["text of a status", '"status":"pending"'],
  ["text of fields", LOOKALIKE],
  ["a nested look-alike", { status: "pending", createdAt: "2020-01-01T00:00:00.000Z", batchId: "b", batchIndex: 1 }],
  [
    "nested look-alikes in one another",
    {
      a: 1,
      status: "pending",
      externalId: "x",
      externalIds: { slack: "x" },
      createdAt: "x",
      b: { a: 1, status: "pending", createdAt: { status: "pending" } },
    },
  ],
  ["an array of look-alikes", [{ a: 1, status: "pending", createdAt: "now" }, 'x,"status":"pending","createdAt":"y"}']],
  ["nesting of 900", nested(900)],
  ["nesting of 900 objects", JSON.parse(`${'{"a":'.repeat(900)}1${"}".repeat(900)}`)],
  ["a wide object", Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i]))],
];

/** A string of ten million characters. */
export const tenMegabytes = () => "0123456789".repeat(1_000_000);

/** What a value is after it has been JSON. */
export const asJson = (value) => JSON.parse(JSON.stringify(value));
