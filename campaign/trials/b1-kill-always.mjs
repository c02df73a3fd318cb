// B1: the server is killed under load, and every write is on the disk before it is acknowledged.

import { crashes } from "../support/crashes.mjs";

export const trial = {
  id: "B1",
  title: "kill -9 of the server under load, with `appendfsync always`",
  promise: "no acknowledged write is lost, none is half-written, no call fails",
  unit: "kills",
  full: 1000,
  shard: 125,
  short: 4,
  javascript: { full: 20, short: 4 },
  run: (trial) => crashes(trial, { persistence: "always" }),
};
