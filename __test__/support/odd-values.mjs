// Values of JavaScript that JSON knows in its own way, or not at all, each made anew: some change as they are looked at.

import { BAD_VALUES } from "./bad-values.mjs";
import { nested, tenMegabytes, VALUES } from "./records.mjs";

const throwing = (error) => () => {
  throw error;
};

/** An object whose getter `x` this is. */
const getting = (get) => Object.defineProperty({}, "x", { get, enumerable: true });

/** An array that the function has changed. */
const array = (change, items = [1, 2, 3]) => {
  change(items);
  return items;
};

const trapped = (trap) => new Proxy({ a: 1 }, { [trap]: throwing(new RangeError(`${trap} threw`)) });

class Point {
  #hidden = 1;
  x = 1;
  static y = 2;
  get length() {
    return this.#hidden;
  }
}

class Money {
  constructor(cents) {
    this.cents = cents;
  }
  toJSON(key) {
    return `${this.cents} under ${key}`;
  }
}

function cycle(long) {
  const start = {};
  let end = start;
  for (let n = 0; n < long; n++) end = end[`k${n}`] = n % 2 ? {} : [];
  end.back = start;
  if (Array.isArray(end)) end.push(start);
  return start;
}

/** Says something else each time it is asked. */
function counter() {
  let count = 0;
  return { toJSON: () => ({ asked: ++count }) };
}

const NUMBERS = [31, 32, 52, 53, 54, 62, 63, 64, 100, 1023].flatMap((power) =>
  [-1, 0, 1].flatMap((more) => [
    [`2^${power} + ${more}`, () => 2 ** power + more],
    [`-(2^${power} + ${more})`, () => -(2 ** power + more)],
  ]),
);

const FRACTIONS = [
  0.1,
  1 / 3,
  1e-7,
  1e-6,
  1e20,
  1e21,
  123456789.98765433,
  4.35,
  2 ** -1074,
  Number.EPSILON,
  Number("1e400"),
  Number("-1e400"),
  Number.NaN,
  -0,
];

const CHARACTERS = [
  ...[
    "\0",
    "\b",
    "\f",
    "\u001f",
    "\u007f",
    "\u0080",
    "\u00a0",
    "\u07ff",
    "\u0800",
    "\u2028",
    "\u2029",
    "\ud7ff",
    "\ue000",
  ],
  ...[
    "\ufeff",
    "\ufffd",
    "\uffff",
    "\u{10000}",
    "\u{10ffff}",
    "\ud800",
    "\udbff",
    "\udc00",
    "\udfff",
    "\udc00\ud800",
    "\ud800x",
  ],
  ...[
    "\t",
    "\v",
    "\u200d",
    "\u202eevil",
    "e\u0301",
    "שלום",
    "中",
    "𝕏",
    "👩‍👩‍👧‍👦",
    "\u0000\ud800\u0000",
    "\u0000\ude00",
    "[",
    "]",
  ],
  ...['"', "\\", "/", "\\u0041", "</script>", "\r\n", "'", "`", "é", "ÿ", "Ā", "🙂", "\ud83d", "\ude00"],
];

const SPECIAL = [
  ["a toJSON that counts", counter],
  ["a toJSON with its key", () => new Money(5)],
  ["a toJSON in an array", () => [new Money(5), new Money(6)]],
  [
    "a toJSON that returns itself",
    () => ({
      toJSON() {
        return this;
      },
      a: 1,
    }),
  ],
  ["a toJSON that returns a cycle", () => ({ toJSON: () => cycle(3) })],
  ["a toJSON that returns a BigInt", () => ({ toJSON: () => 1n })],
  ["a toJSON that returns undefined, in an array", () => [{ toJSON: () => undefined }]],
  ["a toJSON that returns a toJSON", () => ({ toJSON: () => new Money(1) })],
  ["a toJSON that throws a string", () => ({ toJSON: throwing("text") })],
  ["a toJSON that throws undefined", () => ({ toJSON: throwing(undefined) })],
  ["a toJSON of a function", () => Object.assign(() => 1, { toJSON: () => "a function's" })],
  ["an inherited toJSON", () => Object.create({ toJSON: () => "inherited" })],
  ["a toJSON that is a getter", () => Object.defineProperty({}, "toJSON", { get: () => () => "got" })],
  ["a getter", () => getting(() => 1)],
  ["a getter of undefined", () => getting(() => undefined)],
  ["a getter that throws", () => getting(throwing(new RangeError("getter threw")))],
  ["a getter that makes a BigInt", () => getting(() => 1n)],
  [
    "a getter that adds a key",
    () =>
      Object.defineProperty({ z: 1 }, "a", {
        enumerable: true,
        get() {
          this.late = 1;
          return 2;
        },
      }),
  ],
  ["a setter without a getter", () => Object.defineProperty({}, "x", { set() {}, enumerable: true })],
  ["a hidden property", () => Object.defineProperty({ a: 1 }, "x", { value: 2 })],
  ["a symbol as key", () => ({ [Symbol("s")]: 1, a: 2 })],
  ["a symbol as value", () => ({ a: Symbol("s"), b: [Symbol("t")] })],
  ["functions in an array", () => [() => 1, class {}, function f() {}]],
  ["undefined in an array", () => [undefined, , null]],
  ["undefined in an object", () => ({ a: undefined, b: null })],
  ["a private field", () => new Point()],
  ["a class", () => Point],
  ["a frozen object", () => Object.freeze({ a: [Object.freeze([])] })],
  ["an object without prototype", () => Object.assign(Object.create(null), { a: 1 })],
  ["a cycle of 1", () => cycle(0)],
  ["a cycle of 2", () => cycle(1)],
  ["a cycle of 50", () => cycle(49)],
  ["a cycle in an array", () => array((items) => items.push(items))],
  ["the same object twice", () => ((one) => [one, { one }])({ a: [] })],
  ["a sparse array", () => array((items) => delete items[1])],
  ["an array of holes", () => new Array(1000)],
  ["an array with a property", () => array((items) => Object.assign(items, { extra: 1 }))],
  ["an array with a toJSON", () => array((items) => Object.assign(items, { toJSON: () => "mine" }))],
  ["an array that is longer than it was", () => array((items) => items.unshift(getting(() => items.push(9))))],
  [
    "arguments",
    () =>
      (function of() {
        // biome-ignore lint/complexity/noArguments: it is what this is about
        return arguments;
      })(1, "two"),
  ],
  ["a subclass of Array", () => new (class List extends Array {})(3)],
  ["a proxy of an array", () => new Proxy([1, [2]], {})],
  ["a proxy of an object", () => new Proxy({ a: 1 }, { get: (target, key) => (key === "a" ? 2 : target[key]) })],
  [
    "a proxy with made-up keys",
    () =>
      new Proxy(
        {},
        { ownKeys: () => ["b"], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) },
      ),
  ],
  ["a proxy of a function", () => new Proxy(() => 1, {})],
  ["a proxy whose get throws", () => trapped("get")],
  ["a proxy whose ownKeys throws", () => trapped("ownKeys")],
  ["a proxy whose descriptor throws", () => trapped("getOwnPropertyDescriptor")],
  ["a date", () => new Date(1.7e12)],
  ["an invalid date", () => new Date(Number.NaN)],
  ["a date far away", () => new Date(8.64e15)],
  [
    "a date whose toISOString throws",
    () => Object.assign(new Date(0), { toISOString: throwing(new RangeError("no")) }),
  ],
  ["a URL", () => new URL("https://user:secret@example.com/?q#h")],
  ["a Buffer", () => Buffer.from([0, 255])],
  ["a typed array", () => new Float32Array([0.1, Number.NaN])],
  ["a BigInt64Array", () => new BigInt64Array(1)],
  ["a DataView", () => new DataView(new ArrayBuffer(2))],
  ["boxed values", () => [new Number(1), new String("s"), new Boolean(false), Object(Symbol("s"))]],
  ["a boxed BigInt", () => Object(1n)],
  ["a boxed string with properties", () => Object.assign(new String("s"), { a: 1 })],
  ["a Number whose valueOf lies", () => Object.assign(new Number(1), { valueOf: () => 2 })],
  ["a String whose toString lies", () => Object.assign(new String("a"), { toString: () => "b" })],
  [
    "own __proto__ with an accessor's name",
    () => JSON.parse('{"__proto__":{"toJSON":1,"polluted":true},"a":{"__proto__":null}}'),
  ],
  [
    "own __proto__, defined",
    () => Object.defineProperty({}, "__proto__", { value: { polluted: true }, enumerable: true }),
  ],
  ["a prototype by its literal", () => ({ __proto__: { polluted: true, inherited: 1 }, own: 1 })],
  [
    "constructor and prototype",
    () => ({ constructor: { prototype: { polluted: true } }, prototype: { polluted: true } }),
  ],
  [
    "keys of every sort",
    () => ({ b: 1, 2: 1, "-1": 1, 1: 1, "01": 1, "": 1, "\ud800": 1, é: 1, 4294967295: 1, 4294967294: 1 }),
  ],
  ["twice the same key", () => JSON.parse('{"a":1,"b":2,"a":3}')],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
  ["a thenable that throws", () => ({ then: throwing(new Error("then threw")) })],
  ["a map in an object", () => ({ map: new Map([[1, 2]]), set: new Set([1]) })],
  ["an error with a cause", () => Object.assign(new Error("x", { cause: 1 }), { code: "C" })],
  ["a regular expression", () => /x/g],
  ["2,000 arrays in one another", () => nested(2000)],
  ["100,000 arrays in one another", () => nested(100_000)],
  ["100,000 keys", () => Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, n]))],
  ["ten megabytes", () => tenMegabytes()],
  ["a megabyte of escapes", () => '\u0001\ud800"'.repeat(50_000)],
];

/** `[name, make]`, more than 300. What the process itself changes meanwhile cannot be compared with itself. */
export const ODD_VALUES = [
  ...SPECIAL,
  ...NUMBERS,
  ...FRACTIONS.map((value) => [`the number ${value}`, () => value]),
  ...CHARACTERS.map((text) => [JSON.stringify(text), () => ({ [text]: text })]),
  ...VALUES.map(([name, value]) => [name, () => value]),
  ...BAD_VALUES.filter(([name, , kind]) => kind === "other" && name !== "globalThis").map(([name, value]) => [
    name,
    () => value,
  ]),
];
