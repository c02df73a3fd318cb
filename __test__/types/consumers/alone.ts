// Neither ioredis nor the peer is installed, and the library is older than Symbol.asyncDispose.

import { type IoredisClient, IoredisState, type State } from "@hitl-sdk/state-ioredis";

declare const client: IoredisClient;

export const state: State = new IoredisState(client, { tableName: "hitl" });
export const closed: Promise<void> = new IoredisState(client)[Symbol.asyncDispose]();

export const own: State[] = [
  new IoredisState("redis://localhost:6379/1"),
  new IoredisState({ host: "localhost", db: 1 }, { tableName: "hitl" }),
];

// @ts-expect-error the option is called tableName
export const wrong = new IoredisState(client, { table: "x" });
