// D1: migrations are killed: their replica at every boundary between two steps, its process and the server at random.
//
// The JavaScript version is asked with 100 records and no more: it takes some seven round trips for each of them.

import { verdict } from "../../__test__/support/assertions.mjs";
import { OldStore, oldRecords } from "../../__test__/support/old-store.mjs";
import { migrations } from "../support/kills.mjs";
import { checkStore } from "../support/sound.mjs";

/**
 * How many kills with so many records: boundaries of each layout, all there are with 100 and 10,000 records and a
 * sample with 100,000; and processes and servers, of both layouts in turns.
 */
const SMALL = { records: 100, boundaries: { 1: 20, 2: 8 }, processes: 110, servers: 110 };
const MIDDLE = { records: 10_000, boundaries: { 1: 230, 2: 80 }, processes: 140, servers: 140 };
const GREAT = { records: 100_000, boundaries: { 1: 6, 2: 6 }, processes: 6, servers: 6 };

const times = (number, make) => Array.from({ length: number }, (_, n) => make(n));

/** The kills of one of these: `{ records, layout, way, step, of }`, the ways in turns. */
function killsOf({ records, boundaries, processes, servers }) {
  const layoutOf = (n) => 1 + (n % 2);
  const lists = [
    ...[1, 2].map((layout) =>
      times(boundaries[layout], (step) => ({ records, layout, way: "boundary", step, of: boundaries[layout] })),
    ),
    times(processes, (n) => ({ records, layout: layoutOf(n), way: "process" })),
    times(servers, (n) => ({ records, layout: layoutOf(n), way: "server" })),
  ];
  const longest = Math.max(...lists.map(({ length }) => length));
  return times(longest, (n) => lists.flatMap((list) => list.slice(n, n + 1))).flat();
}

/** All kills. Those of great stores, which take long, are spread, so that each shard has few of them. */
function allKills() {
  const [small, middle, great] = [SMALL, MIDDLE, GREAT].map(killsOf);
  const every = Math.ceil(middle.length / great.length);
  const spread = middle.flatMap((one, n) => (n % every === 0 ? [great[n / every], one] : [one]));
  return [...small, ...spread];
}

const KILLS = allKills();

/** The step at whose end the replica dies. */
function stepOf({ records, step, of }, steps, { side, chance, fault }) {
  if (side !== "native" || records === GREAT.records) return chance.below(steps);
  if (steps > of) fault("the migration has more steps than the trial visits", `${steps} with ${records} records`);
  return step < steps ? step : chance.below(steps);
}

/** A store of an old layout on a server of its own, with what kills its migration, and what that must come to. */
async function stage(trial, { records, layout }) {
  const redis = await trial.server({ persistence: "always" });
  const tableName = `d1_${layout}_${records}`;
  const old = await new OldStore(redis.client({ retryStrategy: () => 5 }), tableName, layout).build(
    oldRecords(records),
    { dirt: false },
  );
  const killed = await migrations(trial, redis, tableName);
  const expected = await old.expected();
  return { redis, old, expected, killed, tableName, ...(await killed.whole()) };
}

/** Kills a migration in the middle, earlier if it was too late; whether it was still at work. */
async function kill({ old, killed, steps, ms }, one, trial) {
  for (let latest = ms; latest > ms / 8; latest /= 2) {
    await old.reset();
    if (one.way === "boundary") return killed.atBoundary(stepOf(one, steps, trial));
    const after = trial.chance.random() * latest;
    if (await (one.way === "process" ? killed.ofProcess(after) : killed.ofServer(after))) return true;
  }
  return false;
}

export const trial = {
  id: "D1",
  title: "Migrations killed at every boundary, and at random",
  promise: "at no moment do readers miss an entry, and the next replica ends with the indexes that the records imply",
  unit: "kills",
  full: KILLS.length,
  shard: 40,
  short: 8,
  javascript: { full: 100, short: 20, breaks: true },
  async run(trial) {
    const { side, first, count, open, fault, did, tally } = trial;
    const scenes = new Map();
    for (const one of KILLS.slice(first, first + count)) {
      const name = `${one.records} ${one.layout}`;
      if (!scenes.has(name)) scenes.set(name, await stage(trial, one));
      const scene = scenes.get(name);
      const { redis, old, expected, tableName } = scene;
      const wasAtWork = await kill(scene, one, trial);
      const where = `${one.way} ${one.step ?? ""}, ${one.records} records of layout ${one.layout}`;
      const [missed] = await old.missed(expected);
      if (missed) fault("readers miss entries after the kill", `${where}: ${missed}`);
      const survivor = redis.client();
      const { error } = await verdict(open(survivor, tableName).ensureSchema());
      survivor.disconnect();
      if (error) fault("the next replica cannot end the migration", `${where}: ${error.message}`);
      const [difference, ...more] = await old.differences(expected);
      if (difference)
        fault("the next replica leaves an index that is not whole", `${where}: ${difference}; ${more.length} more`);
      tally(wasAtWork ? `killed in the middle: ${one.way}` : "killed when it was over");
      did();
    }
    if (side !== "native") return;
    for (const { redis, old } of scenes.values()) {
      await checkStore(fault, redis.client(), old.prefix, "the store is not sound");
    }
  },
};
