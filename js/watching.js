// What this package tells those who watch it, on Node's own diagnostics channels. docs/watching.md names them all
// and says what the messages hold: codes, counts and ids, nothing that a user has written.
//
// Nothing is made for a channel that nobody listens to. A listener that throws does not come to us: Node reports it
// as an uncaught exception.

const { channel, tracingChannel } = require("node:diagnostics_channel");
const { shareable } = require("./errors.js");

const NAME = "@hitl-sdk/state-ioredis";

const { start, end, asyncStart, asyncEnd, error: failure } = tracingChannel(`${NAME}:operation`);

const connections = channel(`${NAME}:connection`);
const retries = channel(`${NAME}:retry`);
const ambiguities = channel(`${NAME}:ambiguous`);
const replays = channel(`${NAME}:replay`);
const conflicts = channel(`${NAME}:conflict`);
const migrations = channel(`${NAME}:migration`);
const repairs = channel(`${NAME}:repair`);
const corruptions = channel(`${NAME}:corrupt`);

/** Refusals because somebody else was first. */
const CONFLICTS = new Set([
  "ALREADY_RESOLVED",
  "BATCH_EXISTS",
  "DELIVERY_EXISTS",
  "ENTRY_EXISTS",
  "REQUEST_EXISTS",
  "TOKEN_TAKEN",
]);

/** Whether somebody follows operations. TracingChannel itself cannot say so in every version of Node 20. */
function isTraced() {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    failure.hasSubscribers
  );
}

/**
 * Makes a call under the eyes of those who follow operations: as `tracePromise`, but for the result and for errors
 * of the caller's own, which hold what users wrote.
 */
function trace(operation, tableName, subject, run) {
  const context = about({ operation, tableName, id: idOf(subject) });
  return start.runStores(context, () => {
    const promise = run().then(
      (value) => {
        asyncStart.publish(context);
        asyncEnd.publish(context);
        return value;
      },
      (error) => {
        context.error = shareable(error);
        failure.publish(context);
        asyncStart.publish(context);
        asyncEnd.publish(context);
        throw error;
      },
    );
    end.publish(context);
    return promise;
  });
}

/** The id in what a method was given: the id itself, or the record. */
function idOf(subject) {
  try {
    const id = subject !== null && typeof subject === "object" ? subject.id : subject;
    return typeof id === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Which call a message is about. */
function about({ operation, tableName, id }) {
  return id === undefined ? { operation, tableName } : { operation, tableName, id };
}

/** A call ends with an error of the native side. */
function failed(call, { code, ambiguous }) {
  if (ambiguous && ambiguities.hasSubscribers) {
    ambiguities.publish({ ...about(call), code });
  }
  if (conflicts.hasSubscribers && CONFLICTS.has(code)) {
    conflicts.publish({ ...about(call), code });
  }
}

/** Something has happened to a call on its way: `Remark` in src/connection/notice.rs. */
function remarked(call, { remark, ...rest }) {
  switch (remark) {
    case "retried":
      call.retries += 1;
      call.wasLost ||= rest.lost;
      if (retries.hasSubscribers) {
        const reason = rest.lost ? "lost" : "refused";
        retries.publish({ ...about(call), retry: call.retries, reason, code: rest.code });
      }
      break;
    case "replayed":
      if (replays.hasSubscribers) {
        replays.publish({ ...about(call), resent: call.wasLost });
      }
      break;
    case "restored":
      repaired(call, { kind: "undone-decision", repaired: 1, id: rest.id });
      break;
    default:
      if (migrations.hasSubscribers) {
        migrations.publish({ tableName: call.tableName, ...rest });
      }
  }
}

/** What a read, a write or a step of `verify` has mended. */
function repaired({ operation, tableName }, what) {
  if (repairs.hasSubscribers) {
    repairs.publish({ operation, tableName, ...what });
  }
}

/** Records at these keys were left out of the result of a call. */
function leftOut({ operation, tableName }, keys) {
  if (corruptions.hasSubscribers) {
    for (const key of keys) {
      corruptions.publish({ operation, tableName, key });
    }
  }
}

/** Something has become of the connection of this number. */
function connectionChanged({ number, name }, what) {
  if (connections.hasSubscribers) {
    connections.publish(name === undefined ? { connection: number, ...what } : { connection: number, name, ...what });
  }
}

module.exports = { connectionChanged, failed, isTraced, leftOut, remarked, repaired, trace };
