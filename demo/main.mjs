// `npm run demo`: the story of an approval, on a real Redis, told by the package itself.

import { readFileSync } from "node:fs";
import { main, root } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";

/** The keys by kind, as a reader of the README knows them. */
const KINDS = [
  ["P:req:{id}", /^req:/],
  ["P:idx:token:{token}", /^idx:token:/],
  ["P:idx:ext:{externalId}", /^idx:ext:/],
  ["P:idx:all:req", /^idx:all:req$/],
  ["P:idx:status:{status}", /^idx:status:/],
  ["P:idx:ns:{namespace}:status:{status}", /^idx:ns:.*:status:/],
  ["P:idx:ns:{namespace}", /^idx:ns:/],
  ["P:batch:{id}", /^batch:/],
  ["P:idx:batch:ext:{externalId}", /^idx:batch:ext:/],
  ["P:idx:batch:{batchId}", /^idx:batch:/],
  ["P:timeline:entry:{id}", /^timeline:entry:/],
  ["P:timeline:{threadId}", /^timeline:/],
  ["P:notify:{id}", /^notify:/],
  ["P:idx:notify:ext:{externalId}", /^idx:notify:ext:/],
  ["P:meta:migrations", /^meta:migrations$/],
  ["P:meta:resolve:{id}", /^meta:resolve:/],
];

async function showKeys({ place, page, prefix }) {
  page.chapter("The keys that are left");
  const left = (await place.keys(`${prefix}:`)).map((key) => key.slice(place.keyPrefix.length + prefix.length + 1));
  const rows = KINDS.map(([name, pattern]) => {
    const [mine, others] = [left.filter((key) => pattern.test(key)), left.filter((key) => !pattern.test(key))];
    left.splice(0, left.length, ...others);
    return [name, mine];
  });
  if (left.length > 0) rows.push(["others", [...left]]);

  const typed = rows
    .filter(([, keys]) => keys.length > 0)
    .map(async ([name, keys]) => {
      const type = await place.inspector.type(`${place.keyPrefix}${prefix}:${keys[0]}`);
      return [name, keys.length, type, page.dim(`${prefix}:${keys[0]}`)];
    });
  page.say(`P is ${place.keyPrefix}${prefix}.`);
  page.gap();
  page.table(["kind", ">keys", "type", "for example"], await Promise.all(typed));
}

await main(async () => {
  setup({ redis: !process.env.REDIS_URL });

  // What needs the dependencies and the addon is loaded when they are there.
  const { IoredisState, DEFAULT_PREFIX } = await import("@hitl-sdk/state-ioredis");
  const { openPlace } = await import("./server.mjs");
  const { ask, browse, finish, keepBytes, race } = await import("./approval.mjs");
  const { migrate } = await import("./migration.mjs");
  const page = await import("./page.mjs");

  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const place = await openPlace();
  try {
    const clients = { a: place.client(5, "hitl-a"), b: place.client(6, "hitl-b") };
    const replicas = { a: new IoredisState(clients.a), b: new IoredisState(clients.b) };
    page.title(
      `Approvals on Redis, with @hitl-sdk/state-ioredis ${version}`,
      `${await place.describe()}; two replicas: A with ioredis 5, B with ioredis 6`,
    );

    await replicas.a.ensureSchema();
    await ask(replicas);
    await browse(replicas);
    const decidedOnce = await race(replicas);
    const keptBytes = await keepBytes({ place });
    await finish(replicas);
    const migrated = await migrate({ place, clients });
    await showKeys({ place, page, prefix: DEFAULT_PREFIX });
    return decidedOnce && keptBytes && migrated ? 0 : 1;
  } finally {
    const removed = await place.close();
    page.gap();
    page.say(
      page.dim(
        removed > 0 ? `Removed the demo's ${removed} keys.` : "The private server is gone, and its data with it.",
      ),
    );
    page.gap();
  }
});
