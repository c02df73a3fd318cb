// Version 1.1.0, the JavaScript one, with what it does when Redis refuses its script: the benchmark's model of it,
// which has no need of that, and the second way of its `resolve`. Written from the contract.

import { RESOLVE } from "../__test__/support/javascript-version.mjs";
import { Baseline } from "../benchmark/baseline.mjs";
import { overIoredis } from "../benchmark/commands.mjs";

/** How often it tries when somebody else has changed the record between its reading and its writing. */
const TRIES = 5;

export class JavascriptState extends Baseline {
  #client;

  constructor(client, prefix) {
    super(overIoredis(client), prefix);
    this.#client = client;
  }

  async resolve(id, result) {
    await this.ensureSchema();
    const { keys } = this;
    const named = [keys.request(id), keys.status("pending"), keys.status("resolved")];
    const resolvedAt = new Date().toISOString();
    let verdict;
    try {
      const args = [id, JSON.stringify(result), resolvedAt, this.prefix];
      verdict = await this.#client.eval(RESOLVE, named.length, ...named, ...args);
    } catch {
      verdict = await this.#watched(id, result, resolvedAt);
    }
    if (verdict === "unknown") throw new Error(`Unknown human request "${id}"`);
    if (verdict === "resolved") throw new Error(`Human request "${id}" is already resolved`);
  }

  async #watched(id, result, resolvedAt) {
    const { keys } = this;
    for (let n = 0; n < TRIES; n++) {
      await this.#client.watch(keys.request(id));
      const text = await this.#client.get(keys.request(id));
      if (!text) return "unknown";
      const record = JSON.parse(text);
      if (record.status !== "pending") return "resolved";
      const score = (await this.#client.zscore(keys.status("pending"), id)) ?? 0;
      const namespace = record.namespace ?? "global";
      const done = await this.#client
        .multi()
        .set(keys.request(id), JSON.stringify({ ...record, status: "resolved", result, resolvedAt }))
        .zrem(keys.status("pending"), id)
        .zadd(keys.status("resolved"), score, id)
        .zrem(keys.namespaceStatus(namespace, "pending"), id)
        .zadd(keys.namespaceStatus(namespace, "resolved"), score, id)
        .exec();
      if (done !== null) return "ok";
    }
    throw new Error(`Human request "${id}" could not be resolved`);
  }
}
