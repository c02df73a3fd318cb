// JavaScript replicas that die, wait or fail at the wrong moment.

import { MIGRATIONS } from "../../benchmark/baseline-migrations.mjs";
import { overIoredis } from "../../benchmark/commands.mjs";

/** `work` by a replica whose connection ends after `bytes` of what it sends; it takes no notice of that. */
export async function cutAfter(bytes, { server, proxy, replica }, work) {
  const client = server.client({ port: proxy.port, maxRetriesPerRequest: 0, retryStrategy: () => null });
  await client.ping();
  const fault = proxy.cutRequestAfter(bytes, { anyConnection: true });
  await work(replica(client)).catch(() => {});
  // All of it may have been shorter.
  if (proxy.fault === fault) proxy.disarm(fault);
  else await fault.fired;
  client.disconnect();
}

/** Brings a store up to date as a JavaScript replica does, whose commands these are. */
export async function migrate(commands, keys) {
  const applied = await commands.smembers(keys.migrations);
  for (const [name, run] of Object.entries(MIGRATIONS)) {
    if (applied.includes(name)) continue;
    await run(commands, keys);
    await commands.sadd(keys.migrations, name);
  }
}

/** The commands of a replica that dies after so many of them. */
export function mortal(client, life) {
  let left = life;
  const counted = (command) => {
    return (...args) => {
      if (left-- <= 0) throw new Error("dead");
      return command(...args);
    };
  };
  return Object.fromEntries(Object.entries(overIoredis(client)).map(([name, command]) => [name, counted(command)]));
}

/** The commands of a replica that waits, at its first `name`, for what `meanwhile` does; `when`: before or after it. */
export function interrupted(client, name, when, meanwhile) {
  const commands = overIoredis(client);
  let work = meanwhile;
  const once = () => {
    const now = work;
    work = undefined;
    return now?.();
  };
  const slow = async (...args) => {
    if (when === "before") await once();
    const reply = await commands[name](...args);
    if (when === "after") await once();
    return reply;
  };
  return { ...commands, [name]: slow };
}

/** Runs `work` while the server has no memory left. */
export async function full(db, work) {
  await db.config("SET", "maxmemory", 1);
  try {
    await work();
  } finally {
    await db.config("SET", "maxmemory", 0);
  }
}
