// The matrix: many configurations of the caller's client, each on both versions of ioredis. What our state
// writes must land exactly where that very client reads it, and where the client is refused, so are we.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../../index.js";
import { refuses, verdict } from "./assertions.mjs";
import { keysOf, keysUnder } from "./layout.mjs";
import { decision, request, unique } from "./records.mjs";
import { Redis5, Redis6 } from "./redis.mjs";

/** The versions of ioredis that every configuration is tested with. */
export const LIBRARIES = { "ioredis 5": Redis5, "ioredis 6": Redis6 };

/** A table name that no other test uses. */
const freshTable = () => unique("matrix").replace("-", "_");

/**
 * Writes through our state and reads through the caller's client, and the other way round. `reader`: another
 * client in the same place, where the caller's cannot read.
 */
export async function meets(client, { reader = client } = {}) {
  const tableName = freshTable();
  const state = new IoredisState(client, { tableName });
  const keys = keysOf(tableName);
  const made = request();
  const key = keys.request(made.id);
  const stored = async () => JSON.parse(await reader.get(key));

  await state.create(made);
  assert.equal((await stored())?.token, made.token, "the client does not see what was written");
  assert.equal(await reader.get(keys.token(made.token)), made.id);
  await reader.set(key, JSON.stringify({ ...(await stored()), message: "Written by the caller" }));
  assert.equal((await state.get(made.id)).message, "Written by the caller");
  await state.resolve(made.id, decision(made.id));
  assert.deepEqual((await stored()).result, decision(made.id));
  assert.ok((await reader.zscore(keys.status("resolved"), made.id)) !== null);
  assert.equal((await reader.zscore(keys.status("pending"), made.id)) ?? null, null);
  return { state, keys, made };
}

/**
 * One test for each row and version: `[title, open, options?]`. `open(Library, name)` makes the client; `options`:
 * those of `meets`, `skip`, and `look({ client, state, Library, name })`, which looks closer.
 */
export function matrix(topic, rows) {
  for (const [version, Library] of Object.entries(LIBRARIES)) {
    describe(`${topic}, ${version}`, () => {
      for (const [title, open, { skip = false, reader, look } = {}] of rows) {
        test(title, { skip }, async (t) => {
          const { client } = await opened(t, open, Library);
          const { state } = await meets(client, { reader: reader?.(client) });
          await look?.({ client, state, Library });
        });
      }
    });
  }
}

/**
 * One test for each row and version: `[title, open, options]`. The client's own command (a GET, or `attempt`) fails,
 * so does our call, with `code` and the same first word, or with `theirs` for the client's words; `cause`: the code of
 * what is behind both. The store, looked at through `db`, holds nothing of it.
 */
export function refusals(topic, rows) {
  for (const [version, Library] of Object.entries(LIBRARIES)) {
    describe(`${topic}, ${version}`, () => {
      for (const [title, open, { code, cause, theirs: words, attempt, db, skip = false }] of rows) {
        test(title, { skip }, async (t) => {
          const { client, events } = await opened(t, open, Library);
          const tableName = freshTable();
          const theirs = verdict((attempt ?? get)(client));
          const ours = new IoredisState(client, { tableName }).create(request());
          const error = await refuses(ours, code);
          const { error: refused } = await theirs;
          assert.ok(refused, "the client's own command succeeds");
          if (cause) {
            assert.match(String(error.cause?.code), cause, error.cause?.message);
            assert.match(String(events.at(-1)?.code), cause, events.at(-1)?.message);
          }
          if (words) assert.match(refused.message, words);
          else assert.equal(firstWord(error), firstWord(refused));
          assert.deepEqual(await keysUnder(db, tableName), []);
        });
      }
    });
  }
}

/** The client of a row, closed at the end of its test, and the errors that it reports until then. */
async function opened(t, open, Library) {
  const client = await open(Library);
  const events = [];
  client.on("error", (error) => events.push(error));
  t.after(async () => {
    // ioredis listens for one error of each socket. One more, of a TLS handshake cut short, would end the process.
    if (client.options.tls && client.status === "connecting") {
      await new Promise((resolve) => client.once("close", resolve));
    }
    client.disconnect();
  });
  return { client, events };
}

const get = (client) => client.get("some-key");

const firstWord = ({ message }) => message.split(" ", 1)[0];
