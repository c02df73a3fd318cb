// A fleet of replicas of both versions, each a process of its own, which are killed and replaced while they work.

import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("replica.mjs", import.meta.url));

/** One place in the fleet, and whoever holds it. */
class Slot {
  constructor(name, side, { port, published, chance }) {
    Object.assign(this, { name, side, port, published, chance });
  }

  async start() {
    const seed = this.chance.below(2 ** 32);
    const args = [this.side, this.port, seed, ...(this.published === undefined ? [] : [this.published])];
    this.child = fork(program, args.map(String), { execArgv: [] });
    await once(this.child, "message");
  }

  async stop() {
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exited;
  }

  /** Has `calls` made, by one replica after the other if they are killed. `onEvent` is told what they say. */
  async work(task, calls, onEvent) {
    let left = calls;
    while (left > 0) {
      const { child } = this;
      const isOver = new Promise((resolve) => {
        const end = () => {
          this.isAtWork = false;
          resolve();
        };
        child.on("message", (event) => {
          if (event.isIdle) return end();
          onEvent({ ...event, side: this.side, slot: this.name });
          if (event.ended !== undefined) left -= 1;
          return undefined;
        });
        child.once("exit", end);
      });
      this.isAtWork = true;
      child.send({ ...task, calls: left, of: calls, slot: this.name });
      await isOver;
      child.removeAllListeners("message");
      if (this.killed === child) {
        // Calls under way when it was killed are made by nobody: their share goes to its successor.
        await this.start();
        if (left <= 0) break;
      }
    }
  }

  /** Kills whoever is at work; one that is idle, or about to start, has nobody who would replace it. */
  kill() {
    if (!this.isAtWork) return;
    this.killed = this.child;
    this.child.kill("SIGKILL");
  }
}

/** Starts a replica for each of `sides`. */
export async function startFleet({ chance, published, atEnd }, port, sides) {
  const slots = sides.map((side, n) => new Slot(`${side}-${n}`, side, { port, published, chance }));
  await Promise.all(slots.map((slot) => slot.start()));
  atEnd(() => Promise.all(slots.map((slot) => slot.stop())));
  return {
    /** Every replica makes its share of `calls`; `kills` of them are killed meanwhile. */
    async work(task, calls, { kills, onEvent }) {
      const share = Math.ceil(calls / slots.length);
      const done = slots.map((slot, n) => slot.work(task, Math.min(share, calls - n * share), onEvent));
      for (let n = 0; n < kills; n++) {
        await pause(chance.between(5, 150));
        chance.pick(slots).kill();
      }
      await Promise.all(done);
    },

    /** Two places change their versions: what was one of ours is now one of the JavaScript version, and back. */
    async swap() {
      const ours = chance.pick(slots.filter(({ side }) => side === "native"));
      const theirs = chance.pick(slots.filter(({ side }) => side === "javascript"));
      [ours.side, theirs.side] = [theirs.side, ours.side];
      for (const slot of [ours, theirs]) {
        await slot.stop();
        await slot.start();
      }
    },
  };
}
