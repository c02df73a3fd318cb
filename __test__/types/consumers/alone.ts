// Neither ioredis nor the peer is installed, and the library is older than Symbol.asyncDispose.

import { type IoredisClient, IoredisState, type State } from "@hitl-sdk/state-ioredis";

declare const client: IoredisClient;

export const state: State = new IoredisState(client, { tableName: "hitl" });
export const closed: Promise<void> = new IoredisState(client)[Symbol.asyncDispose]();

// @ts-expect-error the option is called tableName
export const wrong = new IoredisState(client, { table: "x" });
