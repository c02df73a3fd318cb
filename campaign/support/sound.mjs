// A trial's last look at its store: the one checker of invariants, as faults.

import { violations } from "../../__test__/support/invariants.mjs";

/** Tells of each violation in the store under `prefix`. `db`: a plain client of the server. */
export async function checkStore(fault, db, prefix) {
  for (const violation of await violations(db, prefix)) fault("an index disagrees with a record", violation);
}
