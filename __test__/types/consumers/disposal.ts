// TypeScript's own declaration of Symbol.asyncDispose is there as well.

import { type IoredisClient, IoredisState } from "@hitl-sdk/state-ioredis";

export async function count(client: IoredisClient): Promise<number> {
  await using state = new IoredisState(client);
  const disposable: AsyncDisposable = state;
  return disposable === state ? state.count({ status: "pending" }) : 0;
}
