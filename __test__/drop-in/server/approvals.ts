// The way of an approval: asked by a workflow, shown to people, decided once, told to the workflow.

import { randomUUID } from "node:crypto";
import type { HumanResult } from "@hitl-sdk/hitl";
import type { HumanRequestRecord, NewHumanRequestRecord, State } from "@hitl-sdk/hitl/state";
import type { Channels, Engine } from "./outside.js";

/** What a workflow asks. Without an `id` it gets one. */
export interface Question extends Omit<NewHumanRequestRecord, "id"> {
  id?: string;
  /** Other channels that show the request, too. */
  alsoOn?: string[];
  /** After so many milliseconds nobody need answer any more. */
  timeout?: number;
}

export interface Asked {
  id: string;
  isNew: boolean;
}

/** How a decision came out: it counts, somebody else's did, or there is no such request. */
export type Verdict = { kind: "decided"; result: HumanResult } | { kind: "late" } | { kind: "unknown" };

/** Both versions of the package say it in these words. */
const isLate = (error: unknown) => error instanceof Error && /is already resolved$/.test(error.message);

export class Approvals {
  readonly #state: State;
  readonly #channels: Channels;
  readonly #engine: Engine;
  /** Requests that may have been decided by us without their workflow being told. */
  readonly #doubtful = new Set<string>();

  constructor(state: State, channels: Channels, engine: Engine) {
    this.#state = state;
    this.#channels = channels;
    this.#engine = engine;
  }

  /** Asks people. An engine that asks a second time, because it missed our answer, gets the request that is there. */
  async ask({ id = randomUUID(), alsoOn = [], timeout, ...question }: Question): Promise<Asked> {
    const known = await this.#state.findByToken(question.token);
    if (known) return this.#askedBefore(known, alsoOn);

    const deadline = timeout === undefined ? {} : { deadline: Date.now() + timeout };
    const record = { ...question, id, context: { ...question.context, ...deadline } };
    try {
      await this.#state.create(record);
    } catch (error) {
      // Another replica may have been asked the same at this very moment.
      const winner = await this.#state.findByToken(question.token);
      if (!winner) throw error;
      return this.#askedBefore(winner, alsoOn);
    }
    if (record.batchId === undefined) await this.#show(record, alsoOn);
    return { id, isNew: true };
  }

  /** Whoever created it may have died before it was shown. */
  async #askedBefore(record: HumanRequestRecord, alsoOn: string[]): Promise<Asked> {
    const isHidden = record.status === "pending" && !record.externalIds && record.batchId === undefined;
    if (isHidden) await this.#show(record, alsoOn);
    return { id: record.id, isNew: false };
  }

  async #show({ id, channel, message, actions }: NewHumanRequestRecord, alsoOn: string[]): Promise<void> {
    const names = [channel, ...alsoOn];
    const shown = await Promise.all(names.map((name) => this.#channels.get(name).show({ id, message, actions })));
    await Promise.all(shown.map((externalId, at) => this.#state.setExternalId(id, externalId, names[at])));
  }

  /** Somebody has decided. */
  async decide(id: string, make: (record: HumanRequestRecord) => HumanResult): Promise<Verdict> {
    const record = await this.#state.get(id);
    return record ? this.#resolve(record, make(record)) : { kind: "unknown" };
  }

  /** Nobody has decided in time. Every replica says so, and so may a human in the same instant. */
  expire(record: HumanRequestRecord): Promise<Verdict> {
    return this.#resolve(record, { type: "TIMED_OUT", id: record.id, externalRef: record.token });
  }

  async #resolve(record: HumanRequestRecord, result: HumanResult): Promise<Verdict> {
    try {
      await this.#state.resolve(record.id, result);
    } catch (error) {
      if (isLate(error)) return { kind: "late" };
      this.#doubtful.add(record.id);
      throw error;
    }
    await this.#tell({ ...record, result }).catch(() => this.#doubtful.add(record.id));
    return { kind: "decided", result };
  }

  /** Tells the workflow, notes that it knows, and looks whether that was the last item of a batch. */
  async #tell({ id, token, batchId, result }: HumanRequestRecord): Promise<void> {
    if (!result) return;
    await this.#note(id, `${id}:decided`, `Decided: ${result.type === "RESOLVED" ? result.actionId : "timed out"}`);
    await this.#engine.resume(token, result);
    await this.#note(id, `${id}:resumed`, "The workflow goes on");
    if (batchId !== undefined) await this.#completeBatch(batchId);
  }

  /** Notes it once: a replica that died may have come as far as this, and history is not written anew. */
  async #note(threadId: string, id: string, message: string): Promise<void> {
    const entries = await this.#state.timeline(threadId);
    if (entries.some((entry) => entry.id === id)) return;
    await this.#state.appendTimeline({ id, threadId, message, createdAt: new Date().toISOString() });
  }

  /** Tells the workflow unless the thread of the request says that it knows. */
  async tellIfUntold(request: HumanRequestRecord): Promise<void> {
    const entries = await this.#state.timeline(request.id);
    if (!entries.some(({ id }) => id === `${request.id}:resumed`)) await this.#tell(request);
  }

  /** Goes after what was in doubt, when Redis or the engine has been away. */
  async settle(): Promise<void> {
    for (const id of this.#doubtful) {
      const request = await this.#state.get(id);
      if (request) await this.tellIfUntold(request);
      this.#doubtful.delete(id);
    }
  }

  /** Once the last item of a batch is decided, its channel hears of it. */
  async #completeBatch(batchId: string): Promise<void> {
    const items = await this.#state.listByBatch(batchId);
    if (items.some(({ status }) => status === "pending")) return;
    const batch = await this.#state.getBatch(batchId);
    const deliveryId = `${batchId}:complete`;
    const delivery = await this.#state.getNotifyDelivery(deliveryId);
    if (!batch || delivery?.externalId) return;
    await this.notify(deliveryId, batch.channel, `All ${items.length} are decided`, batchId);
  }

  /** Tells people something that asks for no answer. */
  async notify(id: string, channel: string, message: string, groupId: string): Promise<void> {
    await this.#state.createNotifyDelivery({ id, channel, message, groupId });
    const externalId = await this.#channels.get(channel).show({ id, message });
    await this.#state.setNotifyDeliveryExternalId(id, externalId);
  }
}
