// Calls of many steps: each native call is one bounded step, so that a store of any size holds up
// neither the server nor the calls of others. Where a step ends, the next one goes on.

const { wrongKind } = require("./errors.js");

/** How many places a report names; further ones are counted. */
const MAX_UNREPAIRED = 1000;

/** Progress is told at most so often. */
const PROGRESS_EVERY_MS = 100;

/** What `purge` is asked for, checked. */
function readPurge(options) {
  const { resolvedBefore, limit, dryRun } = demandOptions(options);
  // By its internals, not its class: a date of another realm is a date.
  const before = Object.prototype.toString.call(resolvedBefore) === "[object Date]" ? resolvedBefore.getTime() : NaN;
  if (Number.isNaN(before)) {
    throw wrongKind("resolvedBefore must be a valid Date");
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw wrongKind("limit must be a whole number of at least 1");
  }
  return { before, limit: limit ?? Number.MAX_SAFE_INTEGER, dryRun: flag(dryRun, "dryRun") };
}

/** Deletes step by step; `step` makes one of them. */
async function purge({ before, limit, dryRun }, step) {
  const total = { requests: 0, batches: 0, timelineEntries: 0, deliveries: 0, more: false };
  let from;
  do {
    const { next, more, ...done } = await step(before, limit - total.requests, dryRun, from);
    for (const [what, count] of Object.entries(done)) {
      total[what] += count;
    }
    total.more = more;
    from = next;
  } while (from !== null);
  return total;
}

/** What `verify` is asked for, checked. */
function readVerify(options = {}) {
  const { repair, onProgress } = demandOptions(options);
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw wrongKind("onProgress must be a function");
  }
  return { repair: flag(repair, "repair"), onProgress };
}

/** Looks through a store step by step; `step` makes one of them, and `mended` hears what each has repaired. */
async function verify({ repair, onProgress }, step, mended) {
  const seen = { requests: 0, batches: 0, timelineEntries: 0, deliveries: 0, indexEntries: 0 };
  const findings = new Map();
  const unrepaired = [];
  let more = 0;
  const tell = teller(onProgress);
  let from;
  do {
    const done = await step(repair, from);
    for (const [what, count] of Object.entries(done.seen)) {
      seen[what] += count;
    }
    for (const [kind, found, repaired] of done.findings) {
      const finding = findings.get(kind) ?? { kind, found: 0, repaired: 0 };
      finding.found += found;
      finding.repaired += repaired;
      if (repaired > 0) {
        mended(kind, repaired);
      }
      findings.set(kind, finding);
    }
    const room = MAX_UNREPAIRED - unrepaired.length;
    for (const [kind, key, id] of done.unrepaired.slice(0, room)) {
      unrepaired.push(id === "" ? { kind, key } : { kind, key, id });
    }
    more += done.more + Math.max(0, done.unrepaired.length - room);
    from = done.next ?? undefined;
    tell({ phase: done.phase, seen: { ...seen }, ...totals(findings) }, from === undefined);
  } while (from !== undefined);
  return { seen, ...totals(findings), findings: [...findings.values()].sort(byKind), unrepaired, more };
}

function totals(findings) {
  let found = 0;
  let repaired = 0;
  for (const finding of findings.values()) {
    found += finding.found;
    repaired += finding.repaired;
  }
  return { found, repaired };
}

const byKind = (a, b) => (a.kind < b.kind ? -1 : 1);

/**
 * Calls `onProgress` now and then, and at the end. What it throws, or its promise rejects with, must not stop a repair
 * half way: it is warned of once, without its words, which may hold anything, and not called again.
 */
function teller(onProgress) {
  let next = 0;
  let listener = onProgress;
  const drop = () => {
    if (listener !== undefined) {
      listener = undefined;
      process.emitWarning("verify: onProgress has thrown and is not called again", { code: "HITL_PROGRESS_THREW" });
    }
  };
  return (progress, isLast) => {
    const now = performance.now();
    if (listener === undefined || (now < next && !isLast)) {
      return;
    }
    next = now + PROGRESS_EVERY_MS;
    try {
      const told = listener(progress);
      if (typeof told?.then === "function") {
        told.then(undefined, drop);
      }
    } catch {
      drop();
    }
  };
}

function demandOptions(options) {
  if (options === null || typeof options !== "object") {
    throw wrongKind("options must be an object");
  }
  return options;
}

function flag(value, name) {
  if (value !== undefined && typeof value !== "boolean") {
    throw wrongKind(`${name} must be a boolean`);
  }
  return value ?? false;
}

module.exports = { purge, readPurge, readVerify, verify };
