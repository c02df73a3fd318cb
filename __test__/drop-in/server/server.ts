// One replica: its parts, put together.

import { Approvals } from "./approvals.js";
import { Channels, Engine } from "./outside.js";
import { Rounds } from "./rounds.js";
import { answer, type Call, type Reply } from "./routes.js";
import { openStore } from "./store.js";

export interface Settings {
  redisUrl: string;
  /** Where the channels and the engine are. */
  outsideUrl: string;
  /** The name of this replica. */
  replica: string;
  /** Milliseconds between two looks for requests that are out of time. */
  interval: number;
}

export interface Server {
  answer(call: Call): Promise<Reply>;
  close(): Promise<void>;
}

/** What the environment says, as servers in containers are told. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const { REDIS_URL, OUTSIDE_URL, REPLICA = "hitl", ROUND_MS = "100" } = env;
  if (!REDIS_URL || !OUTSIDE_URL) throw new Error("REDIS_URL and OUTSIDE_URL say where Redis and the others are");
  return { redisUrl: REDIS_URL, outsideUrl: OUTSIDE_URL, replica: REPLICA, interval: Number(ROUND_MS) };
}

export async function openServer({ redisUrl, outsideUrl, replica, interval }: Settings): Promise<Server> {
  const { state, close } = await openStore(redisUrl, replica);
  const channels = new Channels(outsideUrl);
  const approvals = new Approvals(state, channels, new Engine(outsideUrl));
  const rounds = new Rounds(state, approvals, interval);
  rounds.start();
  return {
    answer: (call) => answer({ state, approvals, channels, replica }, call),
    close: async () => {
      await rounds.stop();
      await close();
    },
  };
}
