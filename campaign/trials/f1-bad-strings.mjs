// F1: more than 250 strings that nobody should pass, as every parameter of every method.

import { verdict } from "../../__test__/support/assertions.mjs";
import { BAD_STRINGS } from "../../__test__/support/bad-strings.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { chanceOf } from "../../__test__/support/random.mjs";
import { furnish, PARAMETERS } from "../support/parameters.mjs";

const TABLE = "f1";

/** Every key of the server with the hash of what it holds. */
const DIGEST = `
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  found[#found + 1] = key
  found[#found + 1] = redis.sha1hex(redis.call('DUMP', key))
end
return found`;

/** All calls of a side, in an order in which any piece of them is a fair sample. */
function callsOf(side) {
  const calls = PARAMETERS[side].flatMap((parameter) => BAD_STRINGS.map((text) => ({ parameter, text })));
  return chanceOf(1).shuffled(calls);
}

const CALLS = { native: callsOf("native"), javascript: callsOf("javascript") };

async function digests(db) {
  const flat = await db.eval(DIGEST, 0);
  return new Map(Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n], flat[2 * n + 1]]));
}

/** The keys in which two of these differ. */
function changed(before, after) {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

/** What is wrong with how a call ended; the JavaScript version documents no refusals. */
async function* faultsOf({ parameter, text }, state, { value, error }, touched, keys, side) {
  const refusal = parameter.refused(text);
  const isDue = error && (refusal instanceof RegExp ? refusal.test(error.code) : refusal === error.code);
  if (side === "native" && (error || refusal) && !isDue) {
    yield error ? `an error that is not documented: ${error.code} ${error.message.slice(0, 100)}` : "not refused";
    return;
  }
  const due = error ? [] : [...new Set(parameter.touches?.(keys, text))].sort();
  // What the JavaScript version resolves has no marker.
  const expected = due.filter((key) => side === "native" || !key.startsWith(keys.marker("")));
  if (touched.join("\n") !== expected.join("\n"))
    yield `other keys are touched than those of the call: ${touched.filter((key) => !expected.includes(key))}`;
  if (error) return;
  if (parameter.nothing && !parameter.nothing(value, text)) yield "a read finds what is not there";
  const back = parameter.back ? await verdict(parameter.back(state, text)) : { value: text };
  if (back.value !== text) yield "what was written does not come back";
}

export const trial = {
  id: "F1",
  title: `${BAD_STRINGS.length} bad strings as each of ${PARAMETERS.native.length} parameters`,
  promise: "accepted and read back as it was, or refused as documented; no other key of the server is touched",
  unit: "calls",
  full: CALLS.native.length,
  shard: Math.ceil(CALLS.native.length / 4),
  short: 400,
  javascript: { full: 3000, short: 400, breaks: true },
  async run({ side, first, count, open, server, fault, did, tally }) {
    const redis = await server();
    const db = redis.client();
    const keys = keysOf(TABLE);
    const client = redis.client();
    const state = open(client, TABLE);
    await furnish(state);
    const base = new Map();
    for (const key of await db.keys("*")) base.set(key, await db.dumpBuffer(key));
    for (const one of CALLS[side].slice(first, first + count)) {
      const before = await digests(db);
      const ended = await verdict((async () => one.parameter.call(state, one.text, client))());
      const touched = changed(before, await digests(db));
      for await (const what of faultsOf(one, state, ended, touched, keys, side)) {
        const [kind, detail = ""] = what.split(": ");
        fault(kind, `${one.parameter.name} with ${JSON.stringify(one.text).slice(0, 100)} ${detail}`);
      }
      for (const key of touched) {
        if (base.has(key)) await db.restore(key, 0, base.get(key), "REPLACE");
        else await db.del(key);
      }
      tally(ended.error ? "refused" : "accepted");
      did();
    }
    if ({}.polluted !== undefined || Object.keys(Object.prototype).length > 0) fault("a prototype is polluted");
  },
};
