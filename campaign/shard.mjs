// One shard in a process of its own: `node campaign/shard.mjs <shard as JSON> [module of the published package]`.
// Runs the trial and reports what was seen over the channel to its parent; without a parent it prints.

import { sideOf } from "./sides.mjs";
import { allTrials } from "./trials.mjs";
import { witness } from "./witness.mjs";

/** How often a shard says how far it is, in ms. */
const PROGRESS_MS = 1000;

const tell = (message) =>
  new Promise((resolve) => {
    if (process.connected) process.send(message, resolve);
    else resolve(console.log(JSON.stringify(message)));
  });

const [description, published] = process.argv.slice(2);
const shard = JSON.parse(description);
const { run } = (await allTrials()).find(({ id }) => id === shard.id);
const { trial, report, end } = witness(shard, await sideOf(shard.side, published), published);
const timer = setInterval(() => tell({ done: report.done }), PROGRESS_MS);
// What nobody awaits is a fault, too, and must not end the shard without a report.
process.on("unhandledRejection", (error) => trial.fault("a rejection that nobody handled", error?.stack));
try {
  await run(trial);
} catch (error) {
  trial.fault("the trial itself failed", error.stack);
}
clearInterval(timer);
await end();
await tell({ report });
// What a trial has left open goes with the process, and so does a server that it could not stop.
process.exit();
