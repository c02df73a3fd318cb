// Which tests belong to which script: those of which one must fail when one of its lines is missing. The first of each
// list are quick, and likely to fail.

/** Programs of tests in Rust, in `tests/`. They have the scripts in them as the addon has. */
export const CORE_PROGRAMS = ["scripts", "migrations"];

/** A file of `__test__`, run with the addon. */
export const file = (name, env) => ({ program: "addon", name, env });
/** Tests of a program in Rust, by the beginning of their names. */
const core = (program, name = "") => ({ program, name });

export const SCRIPTS = core("scripts");
export const REFUSALS = [file("refusals-type"), file("refusals-acl")];
export const FOREIGN = [file("corrupt-records"), file("beside-javascript")];
/** Fewer records than by default: a missing line is met at once or hardly ever. */
export const SPLICES = file("splice-oracle", { HITL_TEST_RECORDS: "500" });

/** Runs of migrations: all but those that take minutes. */
export const RUNS = [
  ...["outcomes::", "dirt::", "refusals::a_forbidden", "refusals::an_index", "refusals::a_namespace"],
  ...["refusals::a_replica", "replicas::a_create", "replicas::a_decision", "replicas::an_index", "bounds::long"],
  ...["interruptions::what", "interruptions::any_step", "refusals::a_full"],
];
/** A migration's scripts by themselves, then whole runs. */
const migrations = (name) => [core("scripts", `migrations::${name}::`), ...RUNS.map((run) => core("migrations", run))];
const SORTED_INDEXES = migrations("sorted_indexes");
const NAMESPACE_INDEXES = migrations("namespace_indexes");

/** Scripts of which every line has been tried and none survives: `npm test` tries some of these again. */
export const PROVEN = [
  ...["append_timeline", "commit_decision", "create", "find", "insert", "page", "resolve", "set_external_id"],
  ...["mend", "purge", "purge_delivery"],
  ...["002_complete", "002_copy", "002_finish", "002_probe", "002_stage", "002_switch"],
  ...["003_index", "003_strays", "sizes", "stamp"],
];

export const TESTS = {
  append_timeline: [SCRIPTS, file("timeline"), ...REFUSALS],
  commit_decision: [SCRIPTS, file("resolve"), ...REFUSALS, ...FOREIGN],
  create: [SCRIPTS, file("create"), file("batches"), ...REFUSALS, ...FOREIGN],
  find: [SCRIPTS, file("set-external-id"), file("create"), ...REFUSALS, ...FOREIGN],
  insert: [SCRIPTS, file("batches"), file("deliveries"), ...REFUSALS, ...FOREIGN],
  mend: [core("scripts", "mend::"), core("scripts", "sealed::"), file("verify")],
  page: [SCRIPTS, file("cursors"), file("timeline"), file("list")],
  purge: [core("scripts", "purge::"), core("scripts", "sealed::"), file("purge")],
  purge_delivery: [core("scripts", "purge_delivery::"), core("scripts", "sealed::"), file("purge")],
  resolve: [SCRIPTS, file("resolve"), ...REFUSALS, ...FOREIGN, SPLICES],
  set_external_id: [
    ...[core("scripts", "external_ids::"), SCRIPTS, file("set-external-id"), file("batches"), file("deliveries")],
    ...[...REFUSALS, ...FOREIGN, SPLICES],
  ],
  "002_complete": SORTED_INDEXES,
  "002_copy": SORTED_INDEXES,
  "002_finish": SORTED_INDEXES,
  "002_probe": SORTED_INDEXES,
  "002_stage": SORTED_INDEXES,
  "002_switch": SORTED_INDEXES,
  "003_index": NAMESPACE_INDEXES,
  "003_strays": NAMESPACE_INDEXES,
  sizes: migrations("ledger"),
  stamp: migrations("ledger"),
};
