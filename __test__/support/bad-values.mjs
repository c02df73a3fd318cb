// The catalogue of what outsiders and careless callers pass where an id, a text or a record belongs.

const cycle = { name: "cycle" };
cycle.self = cycle;

class Custom {
  constructor() {
    this.own = 1;
  }
  get inherited() {
    return 2;
  }
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const throwing = (error) => () => {
  throw error;
};

/** Texts that hold no lone surrogate: any of them may be an id. */
export const TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "\n",
  "\r\n",
  "*1\r\n$4\r\nPING\r\n",
  "$-1\r\n",
  ":",
  "::",
  "a:b",
  "{}",
  "{a}",
  "}{",
  "*",
  "?",
  "[a-z]",
  "[",
  "\\",
  "..",
  "../../etc/passwd",
  "/",
  "entry:x",
  "ext:x",
  "a:status:pending",
  "req:x",
  "meta:migrations",
  "pending",
  "resolved",
  "all:req",
  "hitl:human_requests",
  "null",
  "undefined",
  "NaN",
  "true",
  "0",
  "-0",
  "1e400",
  "[object Object]",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "then",
  '"',
  '\\"',
  '","status":"resolved","x":"',
  "'; DROP TABLE hitl; --",
  "' OR '1'='1",
  "') redis.call('FLUSHALL') --",
  "]] redis.call('FLUSHALL')",
  "%s%n%x",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template in an id is inert
  "${7*7}",
  "<script>alert(1)</script>",
  "redis://user:secret@host:6379/0",
  "é",
  "e\u0301",
  "\u202eevil",
  "שלום",
  "\ufeff",
  "\ufffd",
  "\uffff",
  "\u2028\u2029",
  "👩‍👩‍👧‍👦",
  "\u{10ffff}",
  "x".repeat(1024),
  "é".repeat(100_000),
];

/** Texts that are no Unicode: as keys they would alias. */
export const SURROGATES = ["\ud800", "\udfff", "a\ud83d", "\ude00\ud83d", "ok\udc00ok", "\ud800\ud800\udc00"];

/** What is no text at all. */
const OTHERS = [
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["false", false],
  ["0", 0],
  ["-0", -0],
  ["1", 1],
  ["-1.5", -1.5],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["2^53 - 1", 2 ** 53 - 1],
  ["2^53", 2 ** 53],
  ["1e21", 1e21],
  ["5e-324", 5e-324],
  ["0n", 0n],
  ["a great BigInt", 10n ** 40n],
  ["a symbol", Symbol("x")],
  ["Symbol.iterator", Symbol.iterator],
  ["a function", () => 1],
  ["an async function", async () => 1],
  ["a class", Custom],
  ["{}", {}],
  ["an object", { a: 1 }],
  ["an object with an id", { id: "x", status: "pending" }],
  ["an instance", new Custom()],
  ["an object without prototype", Object.create(null)],
  ["own __proto__", JSON.parse('{"__proto__":{"polluted":true}}')],
  ["[]", []],
  ["[x]", ["x"]],
  ["[[]]", [[]]],
  ["a sparse array", [, 1]],
  ["an array of 1,000", Array.from({ length: 1000 }, (_, i) => i)],
  ["a boxed text", new String("x")],
  ["a boxed number", new Number(1)],
  ["a date", new Date(0)],
  ["an invalid date", new Date(Number.NaN)],
  ["a regular expression", /x/g],
  ["an error", new Error("x")],
  ["a map", new Map([["a", 1]])],
  ["a set", new Set(["a"])],
  ["a weak map", new WeakMap()],
  ["a promise", Promise.resolve(1)],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
  ["a thenable", { then: (resolve) => resolve(1) }],
  ["a Buffer", Buffer.from("x")],
  ["bytes that are no UTF-8", Buffer.from([0xff, 0xfe])],
  ["a typed array", new Float64Array([1.5])],
  ["an ArrayBuffer", new ArrayBuffer(8)],
  ["a generator", (function* () {})()],
  ["a cycle", cycle],
  ["a proxy", new Proxy({}, {})],
  ["a revoked proxy", revoked.proxy],
  ["a toString that throws", { toString: throwing(new Error("toString threw")) }],
  ["a valueOf that throws", { valueOf: throwing(new Error("valueOf threw")), toString: () => "v" }],
  ["a toString that returns an object", { toString: () => ({}), valueOf: () => ({}) }],
  ["a Symbol.toPrimitive that throws", { [Symbol.toPrimitive]: throwing(new Error("toPrimitive threw")) }],
  ["a toString with a lone surrogate", { toString: () => "\ud800" }],
  ["a toJSON that throws", { toJSON: throwing(new Error("toJSON threw")) }],
  ["a toJSON that returns undefined", { toJSON: () => undefined }],
  [
    "a getter that throws",
    {
      get id() {
        throw new Error("getter threw");
      },
    },
  ],
  ["globalThis", globalThis],
];

const named = (text) => [JSON.stringify(text).slice(0, 40), text];

/** `[name, value, kind]` with kind "text", "surrogate" or "other"; more than a hundred. */
export const BAD_VALUES = [
  ...TEXTS.map((text) => [...named(text), "text"]),
  ...SURROGATES.map((text) => [...named(text), "surrogate"]),
  ...OTHERS.map(([name, value]) => [name, value, "other"]),
];
