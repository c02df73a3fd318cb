// A fault comes and goes under load: no call fails that was not refused, nothing acknowledged is lost, and new calls
// succeed again. The trial C3 of the campaign measures how soon.

import assert from "node:assert/strict";
import { test } from "node:test";
import { endure } from "./support/endure.mjs";
import { FAULTS } from "./support/faults.mjs";
import { Redis5, Redis6 } from "./support/redis.mjs";

/** A frozen server here: long enough for us to give up its connection. */
const LONGEST_MS = 6000;

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  for (const fault of FAULTS) {
    test(`${fault.name}: calls wait, and go on (${library})`, async () => {
      const dwell = Math.min(fault.dwell ?? 0, LONGEST_MS);
      const { failures, lost, times } = await endure(fault, { rounds: 2, Library, dwell });
      assert.deepEqual(failures, []);
      if (!fault.loses) assert.deepEqual(lost, []);
      assert.equal(times.length, 2);
    });
  }
}
