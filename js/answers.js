// Answers to the native side's questions, as JSON: `{ ok: value }`, or `{ error: { code?, message } }`
// with a code where trying again may help. What users throw is not passed on: it may hold anything.

/** The codes that Node gives to failures of the system and of TLS. */
const CODE = /^[A-Z][A-Z0-9_]*$/;

function toAnswer(value) {
  return JSON.stringify({ ok: value ?? null });
}

function toRefusal(error) {
  return JSON.stringify({ error: reportOf(error) });
}

function reportOf(error) {
  const code = CODE.test(error?.code) ? error.code : undefined;
  const isOurs = error instanceof SettingsError || error instanceof ConnectError;
  // Node words the failures of its system calls itself; so do we ours.
  if (isOurs || (code !== undefined && typeof error.syscall === "string")) {
    return { code, message: error.message };
  }
  const what = code === undefined ? "" : ` (${code})`;
  return { code: code ?? "ECONNFAILED", message: `A function in the ioredis client's options has failed${what}` };
}

/** Settings that rule a connection out until they change. */
class SettingsError extends Error {}

/** A connection that could not be opened, in words that hold nothing of a user's. */
class ConnectError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

module.exports = { CODE, ConnectError, SettingsError, toAnswer, toRefusal };
