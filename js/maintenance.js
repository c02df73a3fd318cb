// Calls of many steps: each native call is one bounded step, so that a store of any size holds up
// neither the server nor the calls of others. Where a step ends, the next one goes on.

const { invalidOption } = require("./errors.js");

/** What `purge` is asked for, checked. */
function readPurge(options) {
  const { resolvedBefore, limit, dryRun } = demandOptions(options);
  // By its internals, not its class: a date of another realm is a date.
  const before = Object.prototype.toString.call(resolvedBefore) === "[object Date]" ? resolvedBefore.getTime() : NaN;
  if (Number.isNaN(before)) {
    throw invalidOption("resolvedBefore must be a valid Date");
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw invalidOption("limit must be a whole number of at least 1");
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

function demandOptions(options) {
  if (options === null || typeof options !== "object") {
    throw invalidOption("options must be an object");
  }
  return options;
}

function flag(value, name) {
  if (value !== undefined && typeof value !== "boolean") {
    throw invalidOption(`${name} must be a boolean`);
  }
  return value ?? false;
}

module.exports = { purge, readPurge };
