// F2: values of JavaScript that JSON knows in its own way, wherever users may put one.

import { verdict } from "../../__test__/support/assertions.mjs";
import { ODD_VALUES } from "../../__test__/support/odd-values.mjs";
import { batch, decision, entry, request } from "../../__test__/support/records.mjs";
import { numbered } from "../../__test__/support/writes.mjs";

/**
 * The places for a value: `put` makes what is handed over, `write` hands it over, `read` gets the whole thing again.
 * `prepare` makes what must be there before.
 */
const PLACES = {
  context: {
    put: (value) => ({ value }),
    write: (state, id, context) => state.create(request({ id, context })),
    read: async (state, id) => (await state.get(id))?.context,
  },
  message: {
    put: (value) => value,
    write: (state, id, message) => state.create(request({ id, message })),
    read: async (state, id) => (await state.get(id))?.message,
  },
  actions: {
    put: (value) => [{ id: "deny", value }],
    write: (state, id, actions) => state.create(request({ id, actions })),
    read: async (state, id) => (await state.get(id))?.actions,
  },
  result: {
    prepare: (state, id) => state.create(request({ id })),
    put: (value) => ({ type: "RESOLVED", feedbacks: { value } }),
    write: (state, id, result) => state.resolve(id, result),
    read: async (state, id) => (await state.get(id)).result,
  },
  "context, then a decision": {
    put: (value) => ({ value }),
    async write(state, id, context) {
      await state.create(request({ id, context }));
      await state.resolve(id, decision(id));
      await state.setExternalId(id, `x-${id}`);
    },
    read: async (state, id) => (await state.get(id))?.context,
  },
  detail: {
    put: (value) => ({ value }),
    write: (state, id, detail) => state.appendTimeline(entry({ id, threadId: id, detail })),
    read: async (state, id) => (await state.timeline(id))[0]?.detail,
  },
  "context of a batch": {
    put: (value) => ({ value }),
    write: (state, id, context) => state.createBatch(batch({ id, context })),
    read: async (state, id) => (await state.getBatch(id))?.context,
  },
};

/** The text of a member with this value. Its name is that of the field: a toJSON is told. */
const textOf = (message) => JSON.stringify({ message });

/** What V8 makes of it: a text, or a refusal. */
function asV8({ put }, make) {
  try {
    return { text: textOf(put(make())) };
  } catch (error) {
    return { error };
  }
}

/** A refusal in words. Where a circle begins V8 tells by the path to it, which is longer in a record. */
const wordsOf = (error) => (error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error));

/** What takes long is looked at alone, and not in mixtures. */
const isGreat = ([name]) => /megabyte|00,000/.test(name);
const INGREDIENTS = ODD_VALUES.filter((value) => !isGreat(value));

/** A value of odd ones, some within others. */
function mixed({ pick, below }, depth = 2) {
  const parts = Array.from({ length: 1 + below(3) }, () =>
    depth > 0 && below(3) ? mixed({ pick, below }, depth - 1) : pick(INGREDIENTS)[1],
  );
  const keys = parts.map((_, n) => pick(["a", "__proto__", "constructor", "toJSON", "status", "", "\ud800", `k${n}`]));
  const isList = below(2) === 0;
  return () => {
    const values = parts.map((make) => make());
    if (isList) return values;
    const object = {};
    for (const [n, value] of values.entries()) {
      Object.defineProperty(object, keys[n], { value, enumerable: true, configurable: true, writable: true });
    }
    return object;
  };
}

export const trial = {
  id: "F2",
  title: `${ODD_VALUES.length} odd values of JavaScript and mixtures of them, in ${Object.keys(PLACES).length} places`,
  promise:
    "what comes back is what V8's JSON makes of it, and what V8 refuses is refused in its words and leaves nothing",
  unit: "values",
  full: 1500,
  shard: 500,
  short: 30,
  javascript: { full: 400, short: 30, breaks: true },
  async run({ first, count, chance, open, server, fault, did, tally }) {
    const redis = await server();
    const db = redis.client();
    const state = open(redis.client(), "f2");
    await state.ensureSchema();
    const order = chance.shuffled(ODD_VALUES);
    for (let n = 0; n < count; n++) {
      const [name, make] = order[first + n] ?? ["a mixture", mixed(chance)];
      for (const [nth, [where, place]] of Object.entries(PLACES).entries()) {
        const id = `${numbered(first + n)}-${nth}`;
        await place.prepare?.(state, id);
        const expected = asV8(place, make);
        const before = await db.dbsize();
        const ended = await verdict((async () => place.write(state, id, place.put(make())))());
        const what = `${name} as ${where} (${id})`;
        const isRefused = "error" in ended;
        tally(isRefused ? "refused" : "accepted");
        if ("error" in expected) {
          const said = isRefused ? wordsOf(ended.error) : "accepted";
          if (said !== wordsOf(expected.error)) fault("another refusal than V8's", `${what}: ${said}`);
          if ((await db.dbsize()) !== before) fault("something is stored of what was refused", what);
          continue;
        }
        if (isRefused) {
          fault("what V8 accepts is refused", `${what}: ${wordsOf(ended.error)}`);
          continue;
        }
        const read = await verdict(place.read(state, id));
        if (read.error) fault("what was stored cannot be read", `${what}: ${wordsOf(read.error)}`);
        else if (textOf(read.value) !== expected.text) fault("it comes back as something else", what);
      }
      await db.flushdb();
      if ({}.polluted !== undefined || Object.keys(Object.prototype).length > 0) fault("a prototype is polluted", name);
      did();
    }
  },
};
