// Stores of any size, filled by the server itself: a million records in seconds.

import { keysOf } from "../__test__/support/layout.mjs";
import { stored } from "../__test__/support/records.mjs";
import { MIGRATIONS } from "./baseline-migrations.mjs";
import { request } from "./records.mjs";

/** How many records go to the server at a time. */
const CHUNK = 1000;

/** Records are a second apart. */
const EPOCH = Date.parse("2026-01-01T00:00:00.000Z");
const SECOND = 1000;

/** As the operations that read the stock know them. */
const idOf = (n) => `stock-${n}`;
const createdAt = (n) => new Date(EPOCH + n * SECOND).toISOString();

/**
 * Adds pending records to a store. KEYS: its indexes. ARGV: the prefix, the number of the first record, its time in ms,
 * the four pieces of text around id, token and date, then the dates.
 */
const FILL = `
local prefix, first, time = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 8, #ARGV do
  local id = 'stock-' .. (first + i - 8)
  local score = string.format('%.0f', time + (i - 8) * ${SECOND})
  redis.call('SET', prefix .. ':req:' .. id, ARGV[4] .. id .. ARGV[5] .. id .. ARGV[6] .. ARGV[i] .. ARGV[7])
  redis.call('SET', prefix .. ':idx:token:token-of-' .. id, id)
  for _, index in ipairs(KEYS) do redis.call('ZADD', index, score, id) end
end`;

/** Fills the database of the client with a store of `size` records, in today's layout. */
export async function fillLarge(db, prefix, { size, bytes }) {
  const { all, status, namespace, namespaceStatus, migrations } = keysOf(prefix);
  const indexes = [all, status("pending"), namespace("global"), namespaceStatus("global", "pending")];
  const model = { ...request("<id>", bytes), status: "pending", createdAt: "<date>" };
  const pieces = stored("request", model).split(/<id>|<date>/);
  for (let first = 0; first < size; first += CHUNK) {
    const dates = Array.from({ length: Math.min(CHUNK, size - first) }, (_, n) => createdAt(first + n));
    const args = [prefix, first, EPOCH + first * SECOND, ...pieces, ...dates];
    await db.eval(FILL, indexes.length, ...indexes, ...args);
  }
  await db.sadd(migrations, ...Object.keys(MIGRATIONS));
}

/** The cursor of a page in such a store that has `count` newer records before it. */
export function cursorBehind(count, size) {
  const last = size - count;
  return Buffer.from(`${createdAt(last)}|${idOf(last)}`).toString("base64url");
}
