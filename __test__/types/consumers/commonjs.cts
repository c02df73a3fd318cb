// A CommonJS module, with both ways to write an import there.

import state = require("@hitl-sdk/state-ioredis");

import { type InboxListResult, IoredisState } from "@hitl-sdk/state-ioredis";
import { Redis } from "ioredis";

const redis = new Redis({ lazyConnect: true });

export const instances: IoredisState[] = [
  new state.IoredisState(redis),
  new IoredisState(redis, { tableName: "hitl" }),
];
export const page: Promise<InboxListResult> = new IoredisState(redis).list();
export const version: number = state.SCHEMA_VERSION;

// @ts-expect-error the option is called tableName
export const wrong = new IoredisState(redis, { table: "x" });
