// Of what, and where, a shard was run.

import { startRedis } from "../__test__/support/redis.mjs";
import { machineOf } from "../benchmark/machine.mjs";

export async function versionsOf() {
  const server = await startRedis();
  try {
    return await machineOf(server.client());
  } finally {
    await server.stop();
  }
}
