// Which tests belong to which file of the Rust core: those of which one must fail when the file means something else. The
// first of each list are quick, and likely to fail.

import { FOREIGN, file, REFUSALS, RUNS, SCRIPTS, SPLICES } from "./tests.mjs";

/** What takes longer goes round for ever: these tests need no server and take seconds. */
const PURE_MS = 60_000;

/** Tests inside the core, by a part of their names. */
const unit = (name) => ({ program: "unit", name, limitMs: PURE_MS });
const property = (name) => unit(`properties::tests::${name}`);

const STORE = unit("store::");
const MIGRATIONS = RUNS.map((name) => ({ program: "migrations", name }));
const ERRORS = unit("error::");
const OPERATIONS = { program: "operations", name: "" };
const RECORDS = [STORE, property("records"), file("json-reading"), SPLICES];
const LISTS = [
  file("list"),
  file("cursors"),
  file("timeline"),
  file("batches"),
  file("json-reading"),
  file("long-lists"),
];
const DECISIONS = [OPERATIONS, file("resolve"), ...FOREIGN, file("round-trips"), file("keys")];
const WATCHED = file("watching-calls");
const VERIFY = [STORE, file("verify"), file("large-records")];
const PURGE = [file("purge"), file("large-records"), file("keys")];

/** The tests of a file, by the beginning of its path in `src`: the first entry that fits. */
export const TESTS = [
  ["error/redaction.rs", [ERRORS, file("errors")]],
  ["error/mod.rs", [ERRORS, file("errors"), file("server-down"), file("documents"), ...REFUSALS]],
  ["migrations/", [...MIGRATIONS, file("migrations"), WATCHED]],
  ["store/batches.rs", [OPERATIONS, file("batches"), file("bad-input"), WATCHED]],
  ["store/chunks.rs", [file("large-records"), file("purge"), file("verify"), ...MIGRATIONS]],
  ["store/create.rs", [OPERATIONS, file("create"), file("batches"), ...FOREIGN, WATCHED, file("keys")]],
  ["store/date.rs", [STORE, property("dates")]],
  ["store/decision.rs", [STORE, ...DECISIONS, file("list"), ...MIGRATIONS]],
  ["store/deliveries.rs", [OPERATIONS, file("deliveries"), WATCHED]],
  ["store/dialogue.rs", [OPERATIONS, file("verify"), WATCHED, file("round-trips"), ...MIGRATIONS]],
  ["store/documents.rs", [OPERATIONS, file("batches"), file("deliveries"), WATCHED]],
  [
    "store/external_ids.rs",
    [STORE, OPERATIONS, file("set-external-id"), file("batches"), file("deliveries"), WATCHED, ...FOREIGN, SPLICES],
  ],
  ["store/inbox.rs", [OPERATIONS, file("list"), file("cursors"), file("count"), ...FOREIGN]],
  ["store/json.rs", [...RECORDS, file("list")]],
  ["store/keys.rs", [STORE, property("no_two"), file("keys"), file("purge")]],
  ["store/maintenance.rs", [SCRIPTS, file("purge"), file("verify")]],
  ["store/page.rs", [STORE, file("list"), file("corrupt-records"), file("long-lists")]],
  ["store/position.rs", [STORE, property("positions"), file("purge")]],
  ["store/purge/", PURGE],
  ["store/record.rs", RECORDS],
  ["store/reply.rs", [...LISTS, file("create"), ...DECISIONS, ...REFUSALS]],
  ["store/requests.rs", [file("create"), ...DECISIONS, file("set-external-id"), WATCHED]],
  ["store/resolve.rs", [...DECISIONS, WATCHED]],
  ["store/scan.rs", [STORE, ...PURGE, file("verify")]],
  ["store/scripts.rs", [SCRIPTS, file("create")]],
  ["store/seal.rs", [STORE, file("large-records")]],
  ["store/timeline.rs", [OPERATIONS, file("timeline"), file("cursors"), WATCHED]],
  ["store/verify/", VERIFY],
  ["store/walk/", [STORE, OPERATIONS, ...LISTS, ...FOREIGN, file("round-trips"), file("large-records")]],
];

/** The steps of a file. */
export function stepsFor(path) {
  const found = TESTS.find(([start]) => path.startsWith(`src/${start}`));
  if (!found) throw new Error(`no tests are named for ${path}`);
  return found[1];
}
