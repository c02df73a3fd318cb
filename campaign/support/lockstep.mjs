// Runs sequences of calls on a store and on the model, and finds the first call at which they part; and the shortest
// sequence that still makes them part.

import { isDeepStrictEqual } from "node:util";
import { snapshot } from "../../__test__/support/layout.mjs";
import { asJson } from "../../__test__/support/records.mjs";
import { Model } from "./model.mjs";
import { LAST_CURSOR } from "./sequences.mjs";

/** A sequence that fails is run again at most so many times to make it shorter. */
const ATTEMPTS = 200;

/** What a call came to, in a form that can be compared. */
const result = (value) => ({ value: asJson({ value }).value });

/** The JavaScript version's errors have no codes; of arguments that cannot be stored only the code is promised. */
const refusal = ({ code, message }, { codes }) => ({
  code: codes ? code : undefined,
  message: code === "INVALID_ARGUMENT" ? undefined : message,
});

function modelled(model, { name, now }, args, side) {
  model.now = now;
  try {
    return result(model[name](...args));
  } catch (error) {
    if (error.code === undefined) throw error;
    return refusal(error, side);
  }
}

/** The arguments, with the cursor of the last page in its place. */
const resolved = (args, lastCursor) =>
  args.map((arg) => (arg?.cursor === LAST_CURSOR ? { ...arg, cursor: lastCursor } : arg));

/** What the store holds under the prefix, but for what lies under `meta:`. */
async function held(db, prefix) {
  const everything = Object.entries(await snapshot(db, `${prefix}:`));
  return Object.fromEntries(everything.filter(([key]) => !key.startsWith(`${prefix}:meta:`)));
}

/** The first key that differs, with both values. */
function difference(seen, expected) {
  const keys = [...Object.keys(seen), ...Object.keys(expected)];
  const key = keys.find((name) => !isDeepStrictEqual(seen[name], expected[name]));
  return key === undefined ? undefined : { call: `the store at ${key}`, seen: seen[key], expected: expected[key] };
}

/**
 * Runs `steps`, and returns where the store and the model part: `{ call, seen, expected }`, or `undefined`.
 *
 * @param {{ db: object, clock: object, open(): { states: object[], prefix: string }, strike(fault: string): void,
 *   codes: boolean }} side `open` makes two replicas on a fresh store
 */
export async function run(steps, side) {
  const { states, prefix } = side.open();
  const model = new Model();
  let lastCursor;
  for (const [at, step] of steps.entries()) {
    const args = resolved(step.args, lastCursor);
    const expected = modelled(model, step, args, side);
    if (step.fault) side.strike(step.fault);
    side.clock.set(step.now);
    const seen = await states[step.replica][step.name](...args).then(result, (error) => refusal(error, side));
    if (!isDeepStrictEqual(seen, expected)) return { call: `call ${at + 1}, ${step.name}`, seen, expected };
    lastCursor = step.name === "list" ? expected.value?.nextCursor : lastCursor;
  }
  return difference(await held(side.db, prefix), model.stored(prefix));
}

/** The steps without those that are not needed to make store and model part, and where they part then. */
export async function shrink(steps, parted, side) {
  let [shortest, seen] = [steps, parted];
  let left = ATTEMPTS;
  const tries = async (candidate) => {
    left -= 1;
    const failure = await run(candidate, side);
    if (failure) [shortest, seen] = [candidate, failure];
    return failure !== undefined;
  };
  for (let size = Math.ceil(steps.length / 2); size >= 1 && left > 0; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = shortest.length - size; at > -size && left > 0; at -= size) {
      await tries(shortest.filter((_, n) => n < at || n >= at + size));
    }
  }
  for (let at = 0; at < shortest.length && left > 0; at++) {
    if (shortest[at].fault) await tries(shortest.with(at, { ...shortest[at], fault: undefined }));
  }
  return { steps: shortest, parted: seen };
}
