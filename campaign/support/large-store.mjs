// Stores of a million requests, filled by the server itself: three in four resolved, or as it is said, each with a token,
// an external id and a place in a batch of five, and every tenth one with a timeline.

import { keysOf } from "../../__test__/support/layout.mjs";
import { decision, entry, request, stored } from "../../__test__/support/records.mjs";

/** How many requests one script makes. */
const CHUNK = 500;

/** The requests are a millisecond apart, and resolved in the one in which they were created. */
export const START = Date.parse("2024-01-01T00:00:00.000Z");

export const idOf = (n) => `stock-${n}`;
export const externalIdOf = (n) => `x-${idOf(n)}`;
export const teamOf = (n) => `team-${n % TEAMS}`;
export const TEAMS = 10;
export const cursorAt = (n) => Buffer.from(`${dateOf(n)}|${idOf(n)}`).toString("base64url");
const dateOf = (n) => new Date(START + n).toISOString();

/** One request in so many is pending. */
export const PENDING_EVERY = 4;

/**
 * ARGV: prefix, layout, one in how many is pending, a pending request, a resolved one and a timeline entry with `<names>` in the place of what
 * differs, number and score of the first, then the dates.
 */
const FILL = `
local prefix, layout, every = ARGV[1], ARGV[2], tonumber(ARGV[3])
local first, start = tonumber(ARGV[7]), tonumber(ARGV[8])
for at = 9, #ARGV do
  local n = first + at - 9
  local id, team, batch = 'stock-' .. n, 'team-' .. n % ${TEAMS}, 's-' .. math.floor(n / 5)
  local fields = { id = id, team = team, batch = batch, index = n % 5, date = ARGV[at] }
  local score = string.format('%.0f', start + at - 9)
  local status = every > 0 and n % every == 0 and 'pending' or 'resolved'
  local record = string.gsub(status == 'pending' and ARGV[4] or ARGV[5], '<(%a+)>', fields)
  redis.call('SET', prefix .. ':req:' .. id, record)
  redis.call('SET', prefix .. ':idx:token:token-of-' .. id, id)
  redis.call('SET', prefix .. ':idx:ext:x-' .. id, id)
  redis.call('ZADD', prefix .. ':idx:batch:' .. batch, n % 5, id)
  for _, index in ipairs({ ':idx:all:req', ':idx:status:' .. status }) do
    if layout == '1' then
      redis.call('SADD', prefix .. index, id)
    else
      redis.call('ZADD', prefix .. index, score, id)
    end
  end
  if layout ~= '1' then
    local namespace = prefix .. ':idx:ns:' .. team
    redis.call('ZADD', namespace, score, id)
    redis.call('ZADD', namespace .. ':status:' .. status, score, id)
  end
  if n % 10 == 0 then
    redis.call('SET', prefix .. ':timeline:entry:e-' .. id, (string.gsub(ARGV[6], '<(%a+)>', fields)))
    redis.call('ZADD', prefix .. ':timeline:' .. id, score, 'e-' .. id)
  end
end`;

const LEDGER = ["001-initial", "002-sorted-indexes", "003-namespace-indexes"];

/** The requests as texts, pending and resolved, and an entry. */
function models() {
  const id = "<id>";
  const record = {
    ...request({ id, namespace: "<team>", context: { text: "x".repeat(300) } }),
    ...{ externalId: "x-<id>", externalIds: { slack: "x-<id>" } },
    ...{ createdAt: "<date>", batchId: "<batch>", batchIndex: "<index>" },
  };
  const end = { status: "resolved", result: decision(id), resolvedAt: "<date>" };
  const texts = [
    { ...record, status: "pending" },
    { ...record, ...end },
  ].map((one) => stored("request", one));
  const told = stored("entry", entry({ id: "e-<id>", threadId: id, createdAt: "<date>" }));
  return [...texts.map((text) => text.replace('"<index>"', "<index>")), told];
}

/** Adds the requests `first` to `first + count - 1` to the store under `prefix`, in layout 3 or 1. */
export async function fillLarge(db, prefix, { first = 0, count, layout = 3, pendingEvery = PENDING_EVERY }) {
  const common = [prefix, layout, pendingEvery, ...models()];
  for (let from = first; from < first + count; from += CHUNK) {
    const dates = Array.from({ length: Math.min(CHUNK, first + count - from) }, (_, n) => dateOf(from + n));
    await db.eval(FILL, 0, ...common, from, START + from, ...dates);
  }
  await db.sadd(keysOf(prefix).migrations, ...LEDGER.slice(0, layout));
}
