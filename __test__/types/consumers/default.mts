// A default import is the module, as Node itself makes it of CommonJS, and no class.

import type * as types from "@hitl-sdk/state-ioredis";
import state, { type IoredisState } from "@hitl-sdk/state-ioredis";

export const same: typeof IoredisState = state.IoredisState;
export const own: types.State = new state.IoredisState("redis://localhost:6379");

// @ts-expect-error the module is not the class
export const wrong = new state("redis://localhost:6379");
// @ts-expect-error a type has no value
export const none = types.IoredisState;
