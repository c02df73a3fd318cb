// A trial's look at its store: the one checker of invariants, as faults.

import { violations } from "../../__test__/support/invariants.mjs";
import { keysUnder } from "../../__test__/support/layout.mjs";

/**
 * Tells of each violation in the store under `prefix`. `db`: a plain client of the server; `kind`: the fault that it is;
 * `where`: what had been done before.
 */
export async function checkStore(fault, db, prefix, kind = "an index disagrees with a record", where = "") {
  for (const violation of await violations(db, prefix)) fault(kind, where ? `${where}: ${violation}` : violation);
}

/** What is wrong with a store whose server may have lost the end of it: where all is gone, no ledger is due either. */
export async function violationsAfterLoss(db, prefix) {
  const ledger = (await keysUnder(db, `${prefix}:`)).length > 0;
  return violations(db, prefix, { ledger });
}
