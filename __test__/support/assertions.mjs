// What tests say about refusals.

import assert from "node:assert/strict";

/**
 * The promise rejects with a plain `Error` of this code (and message: text or pattern). Returns the error.
 */
export async function refuses(promise, code, message) {
  assert.ok(promise instanceof Promise, "the method must return a promise");
  let value;
  try {
    value = await promise;
  } catch (error) {
    assert.ok(error instanceof Error, `not an Error: ${String(error)}`);
    if (typeof message === "string") assert.equal(error.message, message);
    else if (message) assert.match(error.message, message);
    if (code instanceof RegExp) assert.match(String(error.code), code);
    else if (code) assert.equal(error.code, code, error.message);
    return error;
  }
  return assert.fail(`expected a refusal (${code ?? message}), got ${JSON.stringify(value)?.slice(0, 200)}`);
}

/** How a promise ended: `{ value }` or `{ error }`. */
export const verdict = (promise) =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );

/** The store has no violation of its invariants. */
export function sound(violations) {
  assert.deepEqual(violations, []);
}
