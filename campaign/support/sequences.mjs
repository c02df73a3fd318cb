// Random sequences of calls: few ids, tokens and external ids, so that calls meet each other, and values that are easy to
// get wrong.

import { ACTIONS, LOOKALIKE } from "../../__test__/support/records.mjs";

const START = Date.UTC(2026, 0, 1);

const IDS = ["a", "b", "c:x", "d e", "é", "\uffff", "\u{1f600}", "a\0\r\n"];
const TOKENS = ["t1", "t2", "t3", "t4", "t:5"];
const BATCHES = ["b1", "b:2", "b3"];
const THREADS = ["th1", "th:2"];
const CHANNELS = ["slack", "inbox"];
const PLUGINS = [undefined, undefined, "slack", "inbox", "in:box", 'q"\\', "__proto__"];
const EXTERNAL_IDS = ["x1", "x2", "x:3", '"', "é"];
const NAMESPACES = ["global", "team", "a.b-c_d", undefined];
const MESSAGES = ["May I?", LOOKALIKE, ""];
const ACTION_LISTS = [
  ACTIONS,
  [],
  [{ id: "submit", label: "OK" }, { id: "deny" }],
  { submit: { label: "OK" } },
  { deny: {}, submit: null },
  null,
  undefined,
];
const CONTEXTS = [
  undefined,
  {},
  { numbers: [9007199254740991, 0.1 + 0.2, 1723456789012.345, -0, 1e300, []], nothing: null },
  { text: `${LOOKALIKE}/\u2028\ud800é\u{1f600}` },
  JSON.parse('{"__proto__":{"status":"pending"},"constructor":[{}]}'),
  { status: "pending", externalIds: { slack: "x1" }, createdAt: "2020-01-01T00:00:00.000Z", channel: "fake" },
];
const DATES = ["2026-01-02T03:04:05.006Z", "2026-01-02T03:04:05.006+01:00", "Fri, 02 Jan 2026 03:04:05 GMT", "2025"];
const LIMITS = [undefined, 1, 2, 2, 3.7, 0, -1, Number.NaN, 10_001];
const CURSORS = [
  "",
  "nobar",
  ...["|", "x|a", "|c:x", "2026-01-01T00:00:00.004Z|a", "2026-01-01T00:00:00.002Z|zz|z", "2030|é"].map((text) =>
    Buffer.from(text).toString("base64url"),
  ),
];

/** Stands for the `nextCursor` of the page that was seen last. */
export const LAST_CURSOR = { cursor: "of the last page" };

/** What is done how often, and with which arguments. */
const CALLS = {
  ensureSchema: [1, () => []],
  create: [14, ({ pick, below }) => [newRequest({ pick, below })]],
  get: [6, ({ pick }) => [pick(IDS)]],
  findByToken: [4, ({ pick }) => [pick(TOKENS)]],
  findByExternalId: [4, ({ pick }) => [pick(EXTERNAL_IDS)]],
  setExternalId: [
    12,
    ({ pick, below }) => [pick(IDS), below(20) === 0 ? undefined : pick(EXTERNAL_IDS), pick(PLUGINS)],
  ],
  resolve: [8, ({ pick, below }) => [pick(IDS), below(30) === 0 ? undefined : newDecision(pick)]],
  list: [9, ({ pick, below }) => [newFilter({ pick, below }, true)]],
  count: [4, ({ pick, below }) => [newFilter({ pick, below })]],
  createBatch: [4, ({ pick }) => [{ ...pickFields(pick), id: pick(BATCHES) }]],
  getBatch: [3, ({ pick }) => [pick(BATCHES)]],
  setBatchExternalId: [5, ({ pick }) => [pick(BATCHES), pick(EXTERNAL_IDS), pick(PLUGINS)]],
  listByBatch: [4, ({ pick }) => [pick(BATCHES)]],
  appendTimeline: [6, ({ pick, below }) => [newEntry({ pick, below })]],
  timeline: [4, ({ pick }) => [pick(THREADS)]],
  createNotifyDelivery: [
    4,
    ({ pick }) => [{ id: pick(BATCHES), channel: pick(CHANNELS), message: pick(MESSAGES), groupId: "g" }],
  ],
  getNotifyDelivery: [3, ({ pick }) => [pick(BATCHES)]],
  setNotifyDeliveryExternalId: [4, ({ pick }) => [pick(BATCHES), pick(EXTERNAL_IDS)]],
};

const pickFields = (pick) => ({
  channel: pick(CHANNELS),
  message: pick(MESSAGES),
  actions: pick(ACTION_LISTS),
  context: pick(CONTEXTS),
});

function newRequest({ pick, below }) {
  const record = { ...pickFields(pick), id: pick(IDS), token: pick(TOKENS), namespace: pick(NAMESPACES) };
  if (below(30) === 0) record.namespace = "not a namespace";
  if (below(3) === 0) record.batchId = pick(BATCHES);
  if (below(3) === 0) record.batchIndex = pick([0, 1, 1, -2, 2.5, Number.NaN]);
  // Not the caller's to say.
  if (below(10) === 0) Object.assign(record, { status: "resolved", externalId: "x1", unknown: 1 });
  return record;
}

const newDecision = (pick) => ({
  type: "RESOLVED",
  id: pick(IDS),
  feedbacks: pick(CONTEXTS),
  edited: pick([true, undefined]),
});

function newFilter({ pick, below }, isPaged = false) {
  const filter = {};
  if (below(2) === 0) filter.status = pick(["pending", "resolved", "", "cancelled"]);
  if (below(2) === 0) filter.namespace = pick([...NAMESPACES, "", "a b"]);
  if (!isPaged) return filter;
  if (below(3) > 0) filter.limit = pick(LIMITS);
  if (below(2) === 0) filter.cursor = below(3) > 0 ? LAST_CURSOR : pick(CURSORS);
  return filter;
}

function newEntry({ pick, below }) {
  const createdAt = below(20) === 0 ? "no date" : pick(DATES);
  return { id: pick(IDS), threadId: pick(THREADS), message: pick(MESSAGES), detail: pick(CONTEXTS), createdAt };
}

const BAG = Object.entries(CALLS).flatMap(([name, [weight]]) => Array(weight).fill(name));

/**
 * A sequence of `length` steps, `{ name, args, now, replica, fault }`: the call, the time at which it is made, the
 * replica that makes it, and one of `faults` at one call in twelve, since those that come too close to others are left
 * out.
 */
export function newSequence(chance, length, faults) {
  const steps = [];
  let now = START;
  while (steps.length < length) {
    now += chance.pick([0, 0, 1, 1, 2, -1, 1000]);
    const earlier = chance.below(5) === 0 && steps.length > 0 ? chance.pick(steps) : undefined;
    const name = earlier?.name ?? chance.pick(BAG);
    const args = earlier?.args ?? CALLS[name][1](chance);
    const fault = chance.below(12) === 0 ? chance.pick(faults) : undefined;
    steps.push({ name, args, now, replica: chance.below(2), fault });
  }
  return steps;
}
