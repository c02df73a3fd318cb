// Stored texts that try to mislead a splicer: look-alikes of the fields that change, in every place;
// odd spellings of numbers, keys and strings; other orders, white space, duplicates.

import { FIELDS, LOOKALIKE } from "./records.mjs";

const CREATED = '"2026-01-02T03:04:05.006Z"';

/** Texts of JSON values that are not changed by anybody. */
const VALUES = [
  "1.0",
  "-0",
  "1E+2",
  "9007199254740993",
  "0.1000",
  "5e-324",
  "1e400",
  "null",
  "true",
  "[]",
  "{}",
  "[[],{}]",
  '""',
  '"\\u0041\\/"',
  '"\\\\"',
  '"\\\\\\""',
  '"\\ud800"',
  '"é🙂\u2028"',
  '",\\"status\\":\\"pending\\""',
  '"}"',
  '"{"',
  '"]},"',
  JSON.stringify(LOOKALIKE),
  JSON.stringify('x","status":"pending","createdAt":"2020-01-01T00:00:00.000Z"}'),
  `{"a":1,"status":"pending"}`,
  `{"a":1,"status":"pending","createdAt":${CREATED}}`,
  `{"a":1,"status":"pending","externalId":"x","externalIds":{"slack":"x"},"createdAt":${CREATED},"batchId":"b","batchIndex":1}`,
  `{"a":[{"b":1,"status":"pending","createdAt":${CREATED}}]}`,
  `[1,{"z":0,"status":"pending","createdAt":${CREATED}},"status",":","pending"]`,
  `{"status":"resolved","result":{"status":"pending"},"createdAt":${CREATED},"resolvedAt":${CREATED}}`,
  `{"channel":"fake","id":"fake","externalIds":{"slack":"fake"}}`,
  `{"":{"":[{}]},"__proto__":{"status":"pending"}}`,
];

const CHANNELS = ['"slack"', '"sl\\u0061ck"', '"q\\"\\\\"', '"é"', '""', '"__proto__"', '"7"'];
const PLUGINS = ['"slack"', '"inbox"', '"in\\u0062ox"', '"7"', '"q\\"\\\\"', '"__proto__"', '"é"'];
const UNKNOWN = ['"extra"', '"Status"', '"status "', '"stat\\u0075s2"', '"created"', '""', '"result2"', '"__proto__"'];

/** The members of each kind, as JSON texts; `undefined` where it has none. */
const MEMBERS = {
  request: ({ id, channel, value, has, ids }) => {
    const status = has(20) ? '"resolved"' : '"pending"';
    const decided = status === '"resolved"';
    return {
      id,
      token: '"t"',
      channel,
      namespace: has(80) ? '"global"' : undefined,
      message: has(90) ? value() : undefined,
      actions: has(90) ? value() : undefined,
      context: has(80) ? value() : undefined,
      status,
      ...ids,
      result: decided || has(3) ? value() : undefined,
      createdAt: CREATED,
      resolvedAt: decided ? CREATED : undefined,
      ...(has(30) && { batchId: '"b"', batchIndex: "3" }),
    };
  },
  batch: ({ id, channel, value, has, ids }) => ({
    id,
    channel,
    message: has(60) ? value() : undefined,
    actions: has(60) ? value() : undefined,
    context: has(60) ? value() : undefined,
    ...ids,
    createdAt: CREATED,
  }),
  delivery: ({ id, channel, value, has, ids }) => ({
    id,
    channel,
    message: has(90) ? value() : undefined,
    groupId: has(90) ? value() : undefined,
    externalId: ids.externalId,
    createdAt: CREATED,
  }),
};

/** The members in the ways in which a stored text may have them. */
function arranged(kind, members, shape, { below, pick, has, value }) {
  let list = FIELDS[kind]
    .filter((field) => members[field] !== undefined)
    .map((field) => [JSON.stringify(field), members[field]]);
  if (shape !== "today" && has(70)) {
    for (let i = below(3); i >= 0; i--) list.splice(below(list.length + 1), 0, [pick(UNKNOWN), value()]);
  }
  if (shape === "shuffled") {
    list = list
      .map((member) => [below(1e6), member])
      .sort((a, b) => a[0] - b[0])
      .map(([, member]) => member);
  }
  if (shape === "doubled") {
    const twice = pick(["status", "channel", "message", "externalId", "createdAt", "context"]);
    const early = twice === "status" ? pick(['"pending"', '"resolved"', '"x"']) : value();
    list.unshift([JSON.stringify(twice), early]);
  }
  return list;
}

const escapedKey = (name) => `"\\u00${name.charCodeAt(1).toString(16).padStart(2, "0")}${name.slice(2)}`;

/** An adversarial record of a kind: `{ id, text, channel, plugins }`. */
export function adversarialRecord({ below, pick }, id, kind = "request") {
  const has = (chance) => below(100) < chance;
  const value = () => pick(VALUES);
  const channel = pick(CHANNELS);
  const plugins = [...new Set(Array.from({ length: below(4) }, () => pick(PLUGINS)))];
  const shape = pick(["today", "today", "today", "extended", "shuffled", "spaced", "doubled"]);
  const ids = {
    externalId: has(40) ? '"x"' : undefined,
    externalIds: has(50) ? pick([`{${plugins.map((plugin) => `${plugin}:"o"`).join(",")}}`, "null", "{}"]) : undefined,
  };
  const members = MEMBERS[kind]({ id: JSON.stringify(id), channel, value, has, ids });
  const isEscaped = shape === "shuffled" || shape === "spaced";
  const space = () => (shape === "spaced" ? pick(["", " ", "\n", "\t\r\n "]) : "");
  const text = arranged(kind, members, shape, { below, pick, has, value })
    .map(([name, raw]) => {
      const spelled = isEscaped && name !== '""' && has(10) ? escapedKey(name) : name;
      return `${space()}${spelled}${space()}:${space()}${raw}${space()}`;
    })
    .join(",");
  const [first, ...known] = JSON.parse(`[${[channel, ...plugins].join(",")}]`);
  return { id, text: `${space()}{${text}}${space()}`, channel: first, plugins: known };
}

/** Where the JSON value that starts at `at` ends. */
function endOfValue(text, at) {
  if (text[at] === '"') {
    for (let i = at + 1; ; i++) {
      if (text[i] === "\\") i++;
      else if (text[i] === '"') return i + 1;
    }
  }
  if (text[at] === "{" || text[at] === "[") {
    let depth = 0;
    for (let i = at; ; i++) {
      if (text[i] === '"') i = endOfValue(text, i) - 1;
      else if (text[i] === "{" || text[i] === "[") depth += 1;
      else if ((text[i] === "}" || text[i] === "]") && --depth === 0) return i + 1;
    }
  }
  return at + /^[^,\]}\s]+/.exec(text.slice(at))[0].length;
}

/** The members of a JSON object in their order: decoded `name`, text of the `value`, `raw` text of both. */
export function membersOf(text) {
  const members = [];
  let at = text.indexOf("{") + 1;
  const skip = () => {
    while (/\s/.test(text[at])) at += 1;
  };
  for (skip(); text[at] !== "}"; skip()) {
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    const start = at;
    at = endOfValue(text, at);
    const name = JSON.parse(text.slice(start, at));
    skip();
    at += 1; // the colon
    skip();
    const from = at;
    at = endOfValue(text, at);
    members.push({ name, value: text.slice(from, at), raw: text.slice(start, at) });
  }
  return members;
}
