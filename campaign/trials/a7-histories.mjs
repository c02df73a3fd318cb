// A7: histories of eight callers on twenty ids, while connections break. Each id is a register by itself, as in Jepsen's
// tests, and a call whose outcome is not known may have taken effect at any time, or never. How many requests there are
// is no matter of one id: G2 counts.

import { unique } from "../../__test__/support/records.mjs";
import { behindProxy } from "../support/behind-proxy.mjs";
import { makeHistory, withResending } from "../support/histories.mjs";
import { firstImpossible, isLinearizable } from "../support/linearizable.mjs";
import { register } from "../support/registers.mjs";
import { STRIKES, strikesOn } from "../support/strikes.mjs";

const CALLERS = 8;
const LENGTH = 1000;

/** Callers whose client gives up when a connection breaks, so that they do not know what has become of their call. */
const IMPATIENT = 2;

/** The call as a report tells it, and those that were made on the same register shortly before its answer. */
function story(calls, wrong) {
  const told = ({ begin, end, answer, resent, ...call }) =>
    `[${begin}, ${end}] ${JSON.stringify(call)} → ${JSON.stringify(answer)}`;
  const before = calls.filter(({ begin }) => begin < wrong.end && begin > wrong.begin - LENGTH / 8);
  return [wrong, ...before.filter((call) => call !== wrong).reverse()].map(told).join("; before it ");
}

export const trial = {
  id: "A7",
  title: "Histories of eight callers on twenty ids, while connections break",
  promise:
    "there is an order of all calls that explains every answer; only what sets an external id may do so again when it is sent again",
  unit: "histories of 1,000 calls",
  full: 500,
  shard: 50,
  short: 5,
  javascript: { full: 20, short: 2, breaks: true },
  async run(trial) {
    const { side, count, chance, open, fault, tally, did } = trial;
    const { proxy, db, connect } = await behindProxy(trial);
    const clients = Array.from({ length: CALLERS }, (_, n) => {
      const isImpatient = side === "native" && n < IMPATIENT;
      return connect(isImpatient ? { maxRetriesPerRequest: 0 } : {});
    });
    const strikes = strikesOn({ proxy, db, chance });

    for (let n = 0; n < count; n++) {
      const tableName = unique("a7").replace("-", "_");
      await open(db, tableName).ensureSchema();
      const states = clients.map((client) => open(client, tableName));
      const history = await makeHistory(states, { chance, length: LENGTH, strikes, faults: STRIKES });
      let isSetAgain = false;
      for (const [name, calls] of history) {
        const specification = register(name);
        const unknown = calls.filter(({ end }) => end === Infinity).length;
        tally("calls of unknown outcome", unknown);
        if (isLinearizable(calls, specification)) continue;
        const more = withResending(calls);
        const verdict = isLinearizable(more, specification);
        isSetAgain ||= verdict === true;
        if (verdict === undefined) tally("registers whose history is too long to decide");
        if (verdict !== false) continue;
        fault("no order explains the answers", `${name}: ${story(calls, firstImpossible(more, specification))}`);
      }
      if (isSetAgain) tally("histories in which an external id was set again");
      did();
    }
    tally("faults met", strikes.begun);
  },
};
