// Errors are built here, in the realm of the caller: made natively they would belong to the
// main realm, and `instanceof Error` would fail under Jest.

/** Names that ioredis gives to its errors, for code that tells errors apart by name. */
const NAMES = { MAX_RETRIES: "MaxRetriesPerRequestError" };

/** Errors that this package has made: their words hold nothing of a user's. */
const ours = new WeakSet();

/** The words of a failed argument: what was given, and what to do. Never the value itself. */
function invalidArgument(message) {
  return coded(new Error(message), "INVALID_ARGUMENT");
}

/** The same for what is of a kind that cannot be served. The message never holds the value itself. */
function wrongKind(message) {
  return coded(new TypeError(message), "INVALID_ARGUMENT");
}

function coded(error, code) {
  error.code = code;
  ours.add(error);
  return error;
}

/** An error as others than the caller may see it: what the caller's own values threw may hold anything. */
function shareable(error) {
  if (!ours.has(error)) {
    return coded(new Error("A value that was given has thrown"), "VALUE_THREW");
  }
  // The one message that repeats what was given.
  return error.code === "INVALID_CURSOR" ? coded(new Error("Invalid inbox cursor"), error.code) : error;
}

/** ioredis's own words for a call on a client that has ended. */
function connectionClosed() {
  return coded(new Error("Connection is closed."), "CONNECTION_CLOSED");
}

function corrupt(kind, id) {
  const message = `The stored ${kind} "${id}" is corrupt: its value is not a JSON object`;
  return coded(new Error(message), "CORRUPT_RECORD");
}

/** An error of the native side: `{ code, message, ambiguous?, cause? }`. */
function fromReport({ code, message, ambiguous, cause }) {
  const error = new Error(message, cause && { cause: fromReport(cause) });
  coded(error, code);
  if (ambiguous) {
    error.ambiguous = true;
  }
  if (Object.hasOwn(NAMES, code)) {
    Object.defineProperty(error, "name", { value: NAMES[code], configurable: true });
  }
  return error;
}

module.exports = { coded, connectionClosed, corrupt, fromReport, invalidArgument, shareable, wrongKind };
