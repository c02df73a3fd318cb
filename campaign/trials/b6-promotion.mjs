// B6: the primary is killed under load, and its replica takes its place. Every second time the primary takes no write
// without its replica, and what counts as acknowledged is what a WAIT afterwards has found on it.
//
// The JavaScript version is not asked: what replication loses is not its doing, and B1 asks it about kills.

import { setTimeout as pause } from "node:timers/promises";
import { makeDoor } from "../../__test__/support/door.mjs";
import { load, missing, PATIENT } from "../../__test__/support/load.mjs";
import { eventually } from "../../__test__/support/sentinel.mjs";
import { IoredisState } from "../../index.js";
import { checkStore, violationsAfterLoss } from "../support/sound.mjs";

/** Longest wait for the replica, in ms. */
const WAIT_MS = 500;

const CLIENTS = 2;

/** Has `replica` follow `primary`, and waits until it is in step. */
async function follow(replica, primary) {
  await replica.replicaof("127.0.0.1", primary.port);
  await eventually("a replica in step", async () => (await replica.info("replication")).includes("link_status:up"));
}

/** Notes, over and over, what was acknowledged before a WAIT that has found it on the replica. */
function confirming(db, busy) {
  const confirmed = new Map();
  const ended = (async () => {
    try {
      for (;;) {
        const before = [...busy.done].map(([id, steps]) => [id, new Set(steps)]);
        // WAIT is about the writes of its own connection, and so about all that came before them.
        await db.set("confirmed", before.length);
        if ((await db.wait(1, WAIT_MS)) < 1) continue;
        for (const [id, steps] of before) confirmed.set(id, steps);
        await pause(1);
      }
    } catch {
      // The primary is dead.
    }
  })();
  return { confirmed, ended };
}

const size = (done) => [...done.values()].reduce((sum, steps) => sum + steps.size, 0);

/** Kills the first of two servers; resolves when the other one has its place. */
async function promotion(trial, { servers, door, clients, table, isConfirmed }) {
  const { chance, open, fault, tally, did } = trial;
  const [primary, replica] = servers;
  const once = { path: primary.socket, retryStrategy: () => null };
  const [db, other] = [primary.client(once), replica.client({ path: replica.socket })];
  await follow(other, primary);
  await db.config("SET", "min-replicas-to-write", isConfirmed ? 1 : 0);
  let next = 0;
  const busy = load(() => clients[next++], table, { open, clients: CLIENTS, isPatient: true });
  const { confirmed, ended } = isConfirmed ? confirming(db, busy) : { confirmed: new Map() };
  await busy.more(chance.between(50, 600));
  await primary.kill();
  await ended;
  const acknowledged = busy.acknowledged;
  // Before, a store whose ledger has not arrived could not be looked at. Nobody else comes through the door yet.
  await other.replicaof("NO", "ONE");
  for (const text of await violationsAfterLoss(other, table)) fault("half-written when the replica takes over", text);
  const lookUp = new IoredisState(other, { tableName: table });
  const lost = await missing(lookUp, busy.done);
  for (const text of await missing(lookUp, confirmed)) fault("a write that WAIT had confirmed is lost", text);
  await door.open(replica);
  await busy.finish();
  await checkStore(fault, other, table, "half-written when all was finished");
  const kind = isConfirmed ? "with min-replicas 1" : "without";
  tally(`${kind}: acknowledged`, acknowledged);
  tally(`${kind}: lost by the servers`, lost.length);
  if (isConfirmed) tally("with min-replicas 1: confirmed by WAIT", size(confirmed));
  other.disconnect();
  await primary.restart();
  did();
}

export const trial = {
  id: "B6",
  title: "The primary is killed under load, and its replica takes its place",
  promise: "nothing that WAIT has confirmed is lost, and no write is half there; what else the servers lose is counted",
  unit: "promotions",
  full: 400,
  shard: 100,
  short: 2,
  async run(trial) {
    const { count, server, atEnd } = trial;
    const args = ["--repl-diskless-sync-delay", 0, "--min-replicas-max-lag", 10];
    const servers = [await server({ args }), await server({ args })];
    const door = await makeDoor(servers[0]);
    atEnd(() => door.remove());
    const clients = Array.from({ length: CLIENTS }, () => servers[0].client({ ...PATIENT, path: door.path }));
    for (let n = 0; n < count; n++) {
      await promotion(trial, { servers, door, clients, table: `b6_${n}`, isConfirmed: n % 2 === 0 });
      servers.reverse();
    }
  },
};
