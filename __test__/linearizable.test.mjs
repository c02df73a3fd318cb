// The campaign's checker of histories, by histories that are linearizable and that are not; and against a check that tries
// every order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { firstImpossible, isLinearizable } from "../campaign/support/linearizable.mjs";
import { seed } from "./support/chance.mjs";
import { chanceOf } from "./support/random.mjs";

const stateOf = (value) => ({ value, key: String(value) });

/** A register that is read and written. A call that `repeats` may have been made twice, or once. */
const REGISTER = {
  initial: stateOf(0),
  step(state, { write, read, repeats }) {
    if (write === undefined) return read === state.value ? [state] : [];
    return repeats ? [state, stateOf(write)] : [stateOf(write)];
  },
};

const write = (begin, end, value, more) => ({ begin, end, write: value, ...more });
const read = (begin, end, value) => ({ begin, end, read: value });

for (const [name, calls, expected] of [
  ["nothing", [], true],
  ["one after the other", [write(1, 2, 5), read(3, 4, 5)], true],
  ["a read of what was never written", [write(1, 2, 5), read(3, 4, 6)], false],
  ["a stale read", [write(1, 2, 5), read(3, 4, 0)], false],
  ["a read beside a write sees the old value", [write(1, 4, 5), read(2, 3, 0)], true],
  ["a read beside a write sees the new value", [write(1, 4, 5), read(2, 3, 5)], true],
  ["two reads beside a write go back", [write(1, 8, 5), read(2, 3, 5), read(4, 5, 0)], false],
  ["two reads beside a write go forward", [write(1, 8, 5), read(2, 3, 0), read(4, 5, 5)], true],
  [
    "two readers disagree about the order of two writes",
    [write(1, 2, 5), write(3, 8, 6), read(4, 5, 6), read(6, 7, 5)],
    false,
  ],
  ["writes beside each other end in either order", [write(1, 4, 5), write(2, 3, 6), read(5, 6, 5)], true],
  ["a write of unknown outcome shows much later", [write(1, Infinity, 5), read(2, 3, 0), read(4, 5, 5)], true],
  ["a write of unknown outcome never shows", [write(1, Infinity, 5), read(2, 3, 0), read(4, 5, 0)], true],
  ["a write of unknown outcome comes and goes", [write(1, Infinity, 5), read(2, 3, 5), read(4, 5, 0)], false],
  ["a write of unknown outcome shows before it began", [read(1, 2, 5), write(3, Infinity, 5)], false],
  ["a write shows again", [write(1, 10, 5), read(2, 3, 5), write(4, 5, 6), read(6, 7, 6), read(11, 12, 5)], false],
  [
    "a write that may have been made twice shows again",
    [
      write(1, 10, 5),
      write(1.5, 9.5, 5, { repeats: true }),
      read(2, 3, 5),
      write(4, 5, 6),
      read(6, 7, 6),
      read(11, 12, 5),
    ],
    true,
  ],
]) {
  test(`${name}: ${expected ? "linearizable" : "not linearizable"}`, () => {
    assert.equal(isLinearizable(calls, REGISTER), expected);
  });
}

test("of a history that is not linearizable the first impossible answer is named", () => {
  const wrong = read(5, 6, 0);
  assert.equal(firstImpossible([write(1, 2, 5), read(3, 4, 5), wrong, read(7, 8, 9)], REGISTER), wrong);
});

/** Tries all orders that the times allow. */
function bruteForce(calls, state = REGISTER.initial) {
  if (calls.every(({ end }) => end === Infinity)) return true;
  return calls.some((call) => {
    const others = calls.filter((one) => one !== call);
    if (others.some(({ end }) => end < call.begin)) return false;
    return REGISTER.step(state, call).some((next) => bruteForce(others, next));
  });
}

test("small random histories are judged as by a check that tries every order", () => {
  const { between, below, shuffled } = chanceOf(seed);
  const verdicts = { true: 0, false: 0 };
  for (let n = 0; n < 3000; n++) {
    const times = shuffled(Array.from({ length: 12 }, (_, time) => time));
    const calls = Array.from({ length: 6 }, (_, i) => {
      const [begin, end] = [times[2 * i], times[2 * i + 1]].sort((a, b) => a - b);
      if (below(2) === 0) return read(begin, end, between(0, 3));
      return write(begin, below(6) === 0 ? Infinity : end, between(1, 3), { repeats: below(6) === 0 });
    });
    const verdict = isLinearizable(calls, REGISTER);
    assert.equal(verdict, bruteForce(calls), JSON.stringify(calls));
    verdicts[verdict] += 1;
  }
  assert.ok(verdicts.true > 300 && verdicts.false > 300, JSON.stringify(verdicts));
});

test("a long history with many callers at once is judged soon", () => {
  const { below, shuffled } = chanceOf(seed);
  const calls = [];
  let value = 0;
  // Eight calls at a time, each round in an order of its own, which every answer follows.
  for (let round = 0; round < 40; round++) {
    const order = shuffled([...Array(8).keys()]);
    for (const [n, caller] of order.entries()) {
      const [begin, end] = [100 * round + caller, 100 * round + 50 + n];
      const isRead = below(2) === 0;
      if (!isRead) value = 1 + below(5);
      calls.push(isRead ? read(begin, end, value) : write(begin, end, value));
    }
  }
  assert.equal(isLinearizable(calls, REGISTER), true);
  calls.push(read(5000, 5001, 99));
  assert.equal(isLinearizable(calls, REGISTER), false);
});
