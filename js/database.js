// Which database the caller's client is in. `select()` moves it; `options.db` is only where it began.

/** The number of the database that the client's next command would meet. */
function databaseOf({ condition, offlineQueue, options, prevCondition }) {
  // Between two connections ioredis keeps in `prevCondition` where it will return to.
  return queuedIn(offlineQueue) ?? prevCondition?.select ?? condition?.select ?? options.db;
}

/** Where a `select()` that waits for a connection will lead. */
function queuedIn(queue) {
  if (!queue?.length) {
    return undefined;
  }
  const moves = queue.toArray().filter(({ command }) => command.name === "select");
  return moves.at(-1)?.command.args[0];
}

module.exports = { databaseOf };
