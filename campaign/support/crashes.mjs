// A server is killed under load, and looked at before anybody who was cut off can come back and finish what was begun.

import { makeDoor } from "../../__test__/support/door.mjs";
import { load, missing, PATIENT } from "../../__test__/support/load.mjs";
import { IoredisState } from "../../index.js";
import { violationsAfterLoss } from "./sound.mjs";

/** Kills that one server survives before a new one takes its place: its log is read at each start. */
const LIVES = 20;

const CLIENTS = 4;

/** Writes that are acknowledged before a kill, at least and at most. */
const WRITES = [100, 1500];

/** One server, killed `kills` times under load. */
async function oneServer({ chance, open, server, fault, tally, did }, { kills, persistence, mayLose }) {
  const redis = await server({ persistence });
  const door = await makeDoor(redis);
  const clients = Array.from({ length: CLIENTS }, () => redis.client({ ...PATIENT, path: door.path }));
  for (let n = 0; n < kills; n++) {
    const tableName = `kill${n}`;
    let next = 0;
    const busy = load(() => clients[next++], tableName, { open, clients: CLIENTS, isPatient: true });
    await busy.more(chance.between(...WRITES));
    const killed = redis.kill();
    await door.shut();
    await killed;
    await redis.restart();
    const db = redis.client({ path: redis.socket });
    const look = async (when) => {
      for (const text of await violationsAfterLoss(db, tableName)) fault(`half-written ${when}`, text);
      return missing(new IoredisState(db, { tableName }), busy.done);
    };
    const lost = await look("right after a kill");
    tally("acknowledged writes", busy.acknowledged);

    await door.open(redis);
    await busy.finish();
    if (mayLose) {
      tally("acknowledged writes lost by the server", lost.length);
      await look("when all was finished");
    } else {
      for (const text of [...lost, ...(await look("when all was finished"))]) {
        fault("an acknowledged write is lost", text);
      }
      for (const text of busy.failures) fault("a call failed because of a kill", text);
    }
    db.disconnect();
    did();
  }
  await redis.stop();
  await door.remove();
}

/**
 * Kills servers `trial.count` times. `persistence` is that of `startRedis`; `mayLose`: what was acknowledged may be
 * lost, and calls that build on it fail.
 */
export async function crashes(trial, options) {
  for (let left = trial.count; left > 0; left -= LIVES) {
    await oneServer(trial, { ...options, kills: Math.min(left, LIVES) });
  }
}
