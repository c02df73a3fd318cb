// Listens on the channels of docs/watching.md, as a user would.

import { subscribe, tracingChannel, unsubscribe } from "node:diagnostics_channel";
import { EventEmitter, once } from "node:events";

const NAME = "@hitl-sdk/state-ioredis";

export const CHANNELS = ["connection", "retry", "ambiguous", "replay", "conflict", "migration", "repair", "corrupt"];

/** Everything that is published from now until `stop()`, in its order. */
export class Watch {
  /** `[channel, message]`; of operations `[stage, message]`, with a copy of what the message held at that stage. */
  told = [];
  #news = new EventEmitter();
  #listeners = new Map();
  #stages = {};

  constructor(channels = CHANNELS, { operations = false } = {}) {
    for (const channel of channels) {
      const listener = (message) => this.#hear(channel, message);
      subscribe(`${NAME}:${channel}`, listener);
      this.#listeners.set(channel, listener);
    }
    if (operations) {
      for (const stage of ["start", "end", "asyncStart", "asyncEnd", "error"]) {
        this.#stages[stage] = (message) => this.#hear(stage, { ...message });
      }
      tracingChannel(`${NAME}:operation`).subscribe(this.#stages);
    }
  }

  #hear(channel, message) {
    this.told.push([channel, message]);
    this.#news.emit("news");
  }

  /** The messages of one channel so far. */
  of(channel) {
    return this.told.filter(([name]) => name === channel).map(([, message]) => message);
  }

  /** Resolves to the first message of a channel that `match`es, now or later. */
  async until(channel, match = () => true) {
    for (;;) {
      const found = this.of(channel).find(match);
      if (found) return found;
      await once(this.#news, "news");
    }
  }

  stop() {
    for (const [channel, listener] of this.#listeners) unsubscribe(`${NAME}:${channel}`, listener);
    if (this.#stages.start) tracingChannel(`${NAME}:operation`).unsubscribe(this.#stages);
    return this.told;
  }
}

/** What is published while `work` runs. */
export async function watched(work, channels, options) {
  const watch = new Watch(channels, options);
  try {
    await work(watch);
  } finally {
    watch.stop();
  }
  return watch;
}
