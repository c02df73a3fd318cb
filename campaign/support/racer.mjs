// A process with two racers: each has a connection of its own, and decides every request that it is given.
// `node racer.mjs <JSON>`: the number of the process and its seed, the side, the port and the user, and the table.

import { chanceOf } from "../../__test__/support/random.mjs";
import { decision } from "../../__test__/support/records.mjs";
import { Redis5 } from "../../__test__/support/redis.mjs";
import { sideOf } from "../sides.mjs";

const RACERS = 2;

const { process: number, seed, side, published, connection, tableName } = JSON.parse(process.argv[2]);
const chance = chanceOf(seed);
const open = await sideOf(side, published);
const racers = Array.from({ length: RACERS }, (_, n) => {
  const client = new Redis5(connection).on("error", () => {});
  return { name: `racer-${number}-${n}`, state: open(client, tableName) };
});

/** What one racer comes to: the ids that it has won, and of the others what it was told. */
async function race({ name, state }, ids) {
  const [won, refused] = [[], []];
  const decide = (id) =>
    state.resolve(id, decision(id, { by: { id: name } })).then(
      () => won.push(id),
      ({ code, message }) => refused.push([id, code, message]),
    );
  await Promise.all(chance.shuffled(ids).map(decide));
  return { name, won, refused };
}

process.on("disconnect", () => process.exit());
process.on("message", async (ids) => process.send(await Promise.all(racers.map((racer) => race(racer, ids)))));
process.send("ready");
