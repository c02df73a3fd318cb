// Answers the questions of v8.rs, one a line.

const { isDeepStrictEqual } = require("node:util");

const DAY = "(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\\d|3[01]))?)?";
const TIME = "(?:[01]\\d|2[0-4]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d+)?)?";
const OFFSET = "(?:Z|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d)";

/**
 * ECMAScript's format with V8's latitude, and an offset wherever there is a time of day. V8 gives what is not in the
 * format (the year -000000, a month 22) to an older parser, which makes some year of this century out of it.
 */
const FORMAT = new RegExp(`^(?!-000000)(?:\\d{4}|[+-]\\d{6})${DAY}(?:T${TIME}${OFFSET})?$`, "i");

function objectOf(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

const answers = {
  date: (text) => (FORMAT.test(text) ? Date.parse(text) : Number.NaN),
  members: (text) => {
    const object = objectOf(text);
    // A lone surrogate is no text that Rust could ask for.
    const names = object && Object.keys(object).filter((name) => name.isWellFormed());
    return object && names.map((name) => [name, JSON.stringify(object[name])]);
  },
  assigned(before, changes, after) {
    const object = objectOf(before);
    for (const [name, value] of changes) {
      // `__proto__` is a name like any other.
      Object.defineProperty(object, name, {
        value: JSON.parse(value),
        ...{ enumerable: true, configurable: true, writable: true },
      });
    }
    return isDeepStrictEqual(objectOf(after), object);
  },
  quoted: (text) => JSON.stringify(text),
};

let rest = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const [question, ...given] = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(answers[question](...given))}\n`);
  }
});
