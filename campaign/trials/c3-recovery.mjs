// C3: a fault comes and goes under load: how soon a new write succeeds, from the moment its cause ends. The worst and the
// median are held against the promises only in a shard that has met the fault often enough, on a machine of its own.

import { endure } from "../../__test__/support/endure.mjs";
import { FAULTS } from "../../__test__/support/faults.mjs";
import { Redis5, Redis6 } from "../../__test__/support/redis.mjs";
import { median } from "../../benchmark/statistics.mjs";

/** Rounds of a fault from which its recoveries are judged. */
const JUDGED = 10;

/** How many rounds of fault number `n` there are among these trials, which go round all faults. */
function roundsOf(n, { first, count }) {
  const before = (end) => Math.ceil(Math.max(0, end - n) / FAULTS.length);
  return before(first + count) - before(first);
}

function judge({ name, bounds: [usual, worst] }, times, fault) {
  const seen = times.map((time) => Math.round(time)).join(", ");
  if (median(times) > usual) fault(`recovery usually takes more than ${usual} ms`, `${name}: ${seen}`);
  if (Math.max(...times) > worst) fault(`a recovery takes more than ${worst} ms`, `${name}: ${seen}`);
}

export const trial = {
  id: "C3",
  title: `${FAULTS.length} faults of servers, networks and rights come and go under load`,
  promise: "calls go on by themselves within the promised time, none fails that was not refused, nothing is lost",
  unit: "recoveries",
  full: 50 * FAULTS.length,
  shard: JUDGED * FAULTS.length,
  short: 3,
  javascript: { full: FAULTS.length, short: 3 },
  alone: true,
  async run({ first, count, chance, open, fault, tally, sample, did }) {
    for (const [n, one] of FAULTS.entries()) {
      const rounds = roundsOf(n, { first, count });
      if (rounds === 0) continue;
      const Library = chance.pick([Redis5, Redis6]);
      const { times, failures, lost } = await endure(one, { rounds, Library, open });
      for (const time of times) {
        if (time === Infinity) fault("calls do not succeed again by themselves", one.name);
        else sample(`${one.name}, ms`, time);
      }
      if (rounds >= JUDGED) judge(one, times, fault);
      for (const text of failures) fault("a call fails that was not refused", `${one.name}: ${text}`);
      if (one.loses) tally("acknowledged writes lost by the servers", lost.length);
      else for (const text of lost) fault("an acknowledged write is lost", `${one.name}: ${text}`);
      did(rounds);
    }
  },
};
