// A process that makes one write after another, to be killed in the middle of one:
// `writer.mjs <side> <path of a socket> <table> <names of the writes as JSON> <ids as JSON>`.
// It says "ready" when it could begin, begins at the first message, and says which write has been acknowledged.

import { Redis } from "ioredis5";
import { WRITES } from "../../__test__/support/writes.mjs";
import { sideOf } from "../sides.mjs";

const [side, path, table, names, ids] = process.argv.slice(2);
const open = await sideOf(side);
const client = new Redis({ path });
const state = open(client, table);
// The connection is up, so that what is cut is the writes.
await state.get("nobody");
process.once("message", async () => {
  for (const [n, name] of JSON.parse(names).entries()) {
    await WRITES.find((write) => write.name === name).call(state, JSON.parse(ids)[n]);
    process.send(n);
  }
});
process.send("ready");
