// Where the server keeps its approvals: the one file that names the package, and the client of Redis.

import type { State } from "@hitl-sdk/hitl/state";
import { IoredisState } from "@hitl-sdk/state-ioredis";
import { Redis } from "ioredis";

export interface Store {
  state: State;
  /** Lets the calls that were made finish. */
  close(): Promise<void>;
}

/** Opens the store, and brings what an older version has left in it up to date. `replica` is what Redis knows us by. */
export async function openStore(url: string, replica: string): Promise<Store> {
  const redis = new Redis(url, { connectionName: replica });
  // What fails rejects a call, and is told there.
  redis.on("error", () => {});
  const state = new IoredisState(redis);
  await state.ensureSchema();
  return {
    state,
    close: async () => {
      await redis.quit();
    },
  };
}
