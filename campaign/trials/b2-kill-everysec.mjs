// B2: the server is killed under load, and its log goes to the disk once a second: the server may lose what it has
// acknowledged, but what is there is whole.

import { crashes } from "../support/crashes.mjs";

export const trial = {
  id: "B2",
  title: "kill -9 of the server under load, with `appendfsync everysec`",
  promise: "no write is half-written; what the server itself loses is counted",
  unit: "kills",
  full: 200,
  shard: 100,
  short: 4,
  javascript: { full: 20, short: 4 },
  run: (trial) => crashes(trial, { persistence: "everysec", mayLose: true }),
};
