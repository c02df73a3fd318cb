// Makes histories: callers who call one after the other each, while connections break; and notes who called when, and
// what was answered.

import { newDeed } from "./deeds.mjs";

/** What a refusal says of its call: that it was refused, that it was never made, or that nobody knows. */
function outcomeOf({ code, message, ambiguous }) {
  if (ambiguous) return {};
  return code === "MAX_RETRIES" ? undefined : { answer: { refusal: message } };
}

/**
 * Lets each of `states` make calls one after the other, `length` of them together, and has `strikes.strike` act at one
 * call in twenty. Returns the calls on each register, by its name, as `linearizable.mjs` wants them; `resent` is how often
 * a call may have been sent besides.
 */
export async function makeHistory(states, { chance, length, strikes, faults }) {
  const registers = new Map();
  const sent = [];
  let clock = 0;
  let left = length;

  const note = (register, call) => {
    if (!registers.has(register)) registers.set(register, []);
    registers.get(register).push(call);
  };

  async function makeCall(state) {
    left -= 1;
    const deed = newDeed(chance, `text-${left}`, sent);
    if (chance.below(20) === 0) strikes.strike(chance.pick(faults));
    const ended = strikes.ended;
    const begin = clock++;
    let outcome;
    let values;
    try {
      const value = await deed.act(state);
      values = deed.show?.(value);
      outcome = { answer: {} };
    } catch (error) {
      outcome = outcomeOf(error);
    }
    const end = outcome?.answer ? clock++ : Infinity;
    const isLost = outcome === undefined || (deed.show !== undefined && values === undefined);
    // What was never made, and a read that has shown nothing, say nothing.
    if (isLost) return;
    const resent = strikes.begun - ended;
    for (const [at, [register, call]] of deed.of.entries()) {
      const answer = values === undefined ? outcome.answer : { value: values[at] };
      note(register, { ...call, begin, end, answer, resent });
    }
  }

  await Promise.all(
    states.map(async (state) => {
      while (left > 0) await makeCall(state);
    }),
  );
  return registers;
}

/** The same history, where each setting of an external id may have taken effect at each time that it was sent. */
export const withResending = (calls) =>
  calls.flatMap((call) => {
    if (call.name !== "set" || call.end === Infinity) return [call];
    // Times must differ: earlier sendings lie just within the call.
    const again = Array.from({ length: call.resent }, (_, n) => {
      const within = (n + 1) / (2 * call.resent + 2);
      return { ...call, begin: call.begin + within, end: call.end - within, again: true };
    });
    return [call, ...again];
  });
