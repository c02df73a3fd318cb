// A replica in a process of its own, which can be killed: it opens a store of a side, says that it is ready, and makes
// sure of the schema once it is told to. `node migrator.mjs <side> <port> <tableName> [module of the published package]`

import { once } from "node:events";
import { Redis } from "ioredis5";
import { sideOf } from "../sides.mjs";

const [side, port, tableName, published] = process.argv.slice(2);
const client = new Redis({ port: Number(port), host: "127.0.0.1" });
const state = (await sideOf(side, published))(client, tableName);
// Whoever has started it is gone.
process.once("disconnect", () => process.exit());
await client.ping();
process.send("ready");
await once(process, "message");
await state.ensureSchema();
process.send("done");
