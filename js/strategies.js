// What functions in the options say, as ioredis understands them.

/** What a strategy says: milliseconds, or nothing to give up. */
function delayOf(strategy, ...args) {
  if (typeof strategy !== "function") {
    return undefined;
  }
  try {
    const delay = strategy(...args);
    return typeof delay === "number" ? Math.max(0, delay) || 0 : undefined;
  } catch {
    return undefined; // ioredis would end the process here
  }
}

/** What `reconnectOnError` says of a refusal: 0 nothing, 1 reconnect, 2 and resend. */
function reactionOf(reconnectOnError, { message }) {
  if (typeof reconnectOnError !== "function") {
    return 0;
  }
  try {
    const error = new Error(message);
    error.name = "ReplyError";
    const reaction = reconnectOnError(error);
    return reaction === 2 ? 2 : Number(reaction === true || reaction === 1);
  } catch {
    return 0;
  }
}

module.exports = { delayOf, reactionOf };
