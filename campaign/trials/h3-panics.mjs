// H3: a panic at every point of failure of the addon: in each native function, in the thread, in each task, and where
// operations are written, read and settled. The addon is one with the feature `faults`; see src/fault.rs.
//
// The JavaScript version has no native part.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keysOf } from "../../__test__/support/layout.mjs";
import { runProgram } from "../../__test__/support/programs.mjs";
import { startSentinels } from "../../__test__/support/sentinel.mjs";
import { root } from "../../scripts/run.mjs";
import { faultyAddon } from "../../scripts/setup.mjs";
import { checkStore } from "../support/sound.mjs";

/** Points that are passed only in some ways to a server. */
const SCENES = {
  ...{ open_stream: ["carried"], stream_received: ["carried"], stream_took: ["carried"], stream_ended: ["carried"] },
  ...{ keeps_authorities: ["tls"], keep_authorities: ["tls"], tls: ["tls"] },
  ...{ reaction: ["asked"], sentinel: ["sentinel"] },
};
const USUAL = ["client", "own", "carried"];

const LIMIT_MS = 10 * 60_000;

/** The names of all points of failure, as the source has them. */
function allPoints() {
  const folder = join(root, "src");
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".rs"));
  const texts = files.map((name) => readFileSync(join(folder, name), "utf8"));
  return texts.flatMap((text) => [...text.matchAll(/fault::point\("(\w+)"\)/g)].map(([, name]) => name)).sort();
}

const POINTS = allPoints();

/** The places that a program of panics needs besides the plain server. */
async function places({ server, atEnd, open }) {
  const plain = await server();
  const db = plain.client();
  const wrong = open(db, "wrong");
  await wrong.ensureSchema();
  await db.set(keysOf("wrong").all, "no index");
  const secure = await server({ tls: {} });
  const group = await startSentinels({ replicas: 0, sentinels: 1 });
  atEnd(() => group.stop());
  return { plain, db, ports: { tls: secure.port, sentinel: group.sentinels[0].port } };
}

export const trial = {
  id: "H3",
  title: "Panics in every native function and task",
  promise:
    "a panic ends no process and leaves no call behind: calls are refused with a code, and the next ones succeed",
  unit: "panics",
  full: POINTS.length * 60,
  shard: POINTS.length * 20,
  short: POINTS.length,
  async run(trial) {
    const { count, chance, fault, tally, did } = trial;
    const { plain, db, ports } = await places(trial);
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: faultyAddon(), RUST_BACKTRACE: "0" };
    const reached = new Set();

    /** The next panic; the first round meets each point the first time that it is passed. */
    const caseOf = (point, round) => {
      const scene = chance.pick(SCENES[point] ?? USUAL);
      const later =
        round === 0 || point === "open_bridge" ? {} : { passages: chance.below(4), isWarm: chance.below(2) === 1 };
      return { point, scene, place: ports[scene], passages: 0, isWarm: false, ...later };
    };

    for (let round = 0; round * POINTS.length < count; round++) {
      // A bridge is opened once in a process.
      const points = ["open_bridge", ...chance.shuffled(POINTS.filter((point) => point !== "open_bridge"))];
      const cases = points.map((point) => caseOf(point, round));
      const table = `round_${round}`;
      const { code, signal, stdout, stderr } = await runProgram("panics", [JSON.stringify(cases), table], {
        ...{ port: plain.port, env, limit: LIMIT_MS },
      });
      const seen = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      const ended = seen.filter(({ point }) => point !== undefined);
      for (const { point, scene, wrong, isReached } of seen) {
        for (const what of wrong) fault(`a panic has done harm: ${point}`, `${scene}: ${what}`);
        if (isReached) reached.add(point);
        tally("panics that came", isReached ? 1 : 0);
      }
      if (code !== 0 || ended.length < cases.length) {
        const next = cases[ended.length];
        fault("a panic has ended the process", `${code ?? signal} at ${JSON.stringify(next)}: ${stderr.slice(-600)}`);
      }
      await checkStore(fault, db, table, "the store is not sound");
      did(ended.length);
    }
    for (const point of POINTS.filter((point) => !reached.has(point)))
      fault("a point of failure is never passed", point);
  },
};
