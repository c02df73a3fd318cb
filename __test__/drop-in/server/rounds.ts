// What a replica does unasked: it ends requests that are out of time, and tells workflows what died untold.

import type { HumanRequestRecord, InboxListOptions, State } from "@hitl-sdk/hitl/state";
import type { Approvals } from "./approvals.js";

const PAGE = 100;

/** All requests of the inbox that the filter lets through, page by page. */
async function* requests(state: State, filter: InboxListOptions): AsyncGenerator<HumanRequestRecord> {
  let cursor: string | undefined;
  do {
    const page = await state.list({ ...filter, limit: PAGE, ...(cursor !== undefined && { cursor }) });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

const isOver = ({ context }: HumanRequestRecord) =>
  typeof context?.deadline === "number" && context.deadline <= Date.now();

export class Rounds {
  readonly #state: State;
  readonly #approvals: Approvals;
  readonly #interval: number;
  #timer: NodeJS.Timeout | undefined;
  #current: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** `interval`: the pause between two rounds, in milliseconds. */
  constructor(state: State, approvals: Approvals, interval: number) {
    this.#state = state;
    this.#approvals = approvals;
    this.#interval = interval;
  }

  /** Begins with what a replica that died has left behind. */
  start(): void {
    this.#goRound(true);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#current;
  }

  #goRound(mustCatchUp: boolean): void {
    this.#current = this.#round(mustCatchUp).then(
      () => this.#pause(false),
      // Redis was away, or the engine: the next round tries again.
      () => this.#pause(mustCatchUp),
    );
  }

  #pause(mustCatchUp: boolean): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#goRound(mustCatchUp), this.#interval);
  }

  async #round(mustCatchUp: boolean): Promise<void> {
    if (mustCatchUp) {
      for await (const request of requests(this.#state, { status: "resolved" })) {
        await this.#approvals.tellIfUntold(request);
      }
    }
    await this.#approvals.settle();
    for await (const request of requests(this.#state, { status: "pending" })) {
      if (isOver(request)) await this.#approvals.expire(request);
    }
  }
}
