// Work on a store by whichever version, every operation of the contract on what all who came before have left, and a
// memory of what must be there: each visitor finds all of it, by every way there is to look.

import { isDeepStrictEqual } from "node:util";
import { verdict } from "../../__test__/support/assertions.mjs";
import { pages } from "../../__test__/support/inbox.mjs";
import { asJson, batch, decision, delivery, entry, request } from "../../__test__/support/records.mjs";

const NAMESPACES = ["global", "finance"];
const STATUSES = ["pending", "resolved"];

/** Newest first, then by id, the greater one first. */
const newestFirst = (a, b) =>
  Date.parse(b.createdAt) - Date.parse(a.createdAt) || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));

export class Office {
  requests = new Map();
  batches = new Map();
  threads = new Map();
  deliveries = new Map();

  constructor({ fault, chance }) {
    Object.assign(this, { fault, chance });
  }

  #same(what, seen, expected) {
    if (!isDeepStrictEqual(asJson(seen), asJson(expected))) {
      this.fault("something is not as it was left", `${what}: ${JSON.stringify(seen)?.slice(0, 300)}`);
    }
  }

  async #refused(what, promise, pattern) {
    const { error } = await verdict(promise);
    if (!pattern.test(error?.message)) this.fault("a call is not refused as it must be", `${what}: ${error?.message}`);
  }

  /** Looks at everything, in every way. */
  async look(state, visitor) {
    const at = (what) => `${visitor} looks at ${what}`;
    const all = [...this.requests.values()];
    for (const record of all) {
      this.#same(at(`request ${record.id}`), await state.get(record.id), record);
      this.#same(at(`the token of ${record.id}`), await state.findByToken(record.token), record);
      for (const externalId of Object.values(record.externalIds ?? {})) {
        this.#same(at(`external id ${externalId}`), await state.findByExternalId(externalId), record);
      }
    }
    for (const status of [undefined, ...STATUSES]) {
      for (const namespace of [undefined, ...NAMESPACES]) {
        const matches = (one) => (!status || one.status === status) && (!namespace || one.namespace === namespace);
        const expected = all.filter(matches).sort(newestFirst);
        const filter = { ...(status && { status }), ...(namespace && { namespace }) };
        const limit = this.chance.between(1, 10);
        const listed = (await pages(state, { ...filter, limit })).flat();
        this.#same(at(`the list of ${JSON.stringify(filter)}`), listed, expected);
        this.#same(at(`the count of ${JSON.stringify(filter)}`), await state.count(filter), expected.length);
      }
    }
    for (const [id, record] of this.batches) {
      this.#same(at(`batch ${id}`), await state.getBatch(id), record);
      const items = all.filter(({ batchId }) => batchId === id).sort((a, b) => a.batchIndex - b.batchIndex);
      this.#same(at(`the items of ${id}`), await state.listByBatch(id), items);
    }
    for (const [id, entries] of this.threads) this.#same(at(`thread ${id}`), await state.timeline(id), entries);
    for (const [id, record] of this.deliveries) {
      this.#same(at(`delivery ${id}`), await state.getNotifyDelivery(id), record);
    }
    for (const [what, read] of Object.entries({
      request: () => state.get("nobody"),
      token: () => state.findByToken("nobody"),
      "external id": () => state.findByExternalId("nobody"),
      batch: () => state.getBatch("nobody"),
      delivery: () => state.getNotifyDelivery("nobody"),
    })) {
      this.#same(at(`no ${what}`), await read(), null);
    }
  }

  /** Leaves new records of every kind, and goes on with what the others have left. */
  async work(state, visitor) {
    await this.#create(state, visitor);
    for (const record of this.requests.values()) await this.#goOn(state, visitor, record);
    for (const id of this.batches.keys()) {
      await state.setBatchExternalId(id, `${visitor}-of-${id}`, visitor);
      this.batches.set(id, this.#named(await state.getBatch(id), this.batches.get(id), visitor, `${visitor}-of-${id}`));
    }
    for (const [id, entries] of this.threads) {
      const made = entry({
        id: `${visitor}-in-${id}`,
        threadId: id,
        createdAt: new Date(1.7e12 + entries.length).toISOString(),
      });
      await state.appendTimeline(made);
      entries.push(made);
    }
    for (const [id, record] of this.deliveries) {
      await state.setNotifyDeliveryExternalId(id, `${visitor}-of-${id}`);
      this.deliveries.set(id, { ...record, externalId: `${visitor}-of-${id}` });
    }
    await this.#refused(
      "an external id of nobody",
      state.setExternalId("nobody", "x"),
      /^Unknown human request "nobody"$/,
    );
    await this.#refused(
      "a decision on nobody",
      state.resolve("nobody", decision("x")),
      /^Unknown human request "nobody"$/,
    );
    await this.#refused(
      "an external id of no batch",
      state.setBatchExternalId("nobody", "x"),
      /^Unknown batch "nobody"$/,
    );
    await this.#refused(
      "an external id of no delivery",
      state.setNotifyDeliveryExternalId("nobody", "x"),
      /^Unknown notify delivery "nobody"$/,
    );
  }

  async #create(state, visitor) {
    const batchId = `${visitor}-batch`;
    await state.createBatch(batch({ id: batchId }));
    this.batches.set(batchId, await state.getBatch(batchId));
    for (let n = 0; n < 6; n++) {
      const item = n % 3 === 0 ? { batchId, batchIndex: n } : {};
      const made = request({ id: `${visitor}-${n}`, namespace: NAMESPACES[n % 2], ...item });
      await state.create(made);
      const read = asJson(await state.get(made.id));
      this.#same(`${visitor} has created ${made.id}`, read, { ...made, status: "pending", createdAt: read?.createdAt });
      this.requests.set(made.id, read);
    }
    this.threads.set(`${visitor}-0`, []);
    const sent = delivery({ id: `${visitor}-delivery` });
    await state.createNotifyDelivery(sent);
    this.deliveries.set(sent.id, asJson(await state.getNotifyDelivery(sent.id)));
  }

  /** A new external id for each request, decided or not, and a decision on every second one that waits for it. */
  async #goOn(state, visitor, record) {
    const { id } = record;
    const plugin = this.chance.pick([undefined, visitor]);
    await state.setExternalId(id, `${visitor}-of-${id}`, plugin);
    let expected = this.#withId(record, plugin ?? record.channel, `${visitor}-of-${id}`);
    const decided = decision(id, { by: { id: visitor } });
    if (record.status === "resolved") {
      await this.#refused(`${visitor} decides ${id} again`, state.resolve(id, decided), /is already resolved$/);
    } else if (this.chance.below(2)) {
      await state.resolve(id, decided);
      const { resolvedAt } = await state.get(id);
      expected = { ...expected, status: "resolved", result: decided, resolvedAt };
    }
    this.requests.set(id, expected);
  }

  #withId(record, plugin, externalId) {
    const changed = { ...record, externalIds: { ...record.externalIds, [plugin]: externalId } };
    return plugin === record.channel ? { ...changed, externalId } : changed;
  }

  #named(seen, record, plugin, externalId) {
    const expected = this.#withId(asJson(record), plugin, externalId);
    this.#same(`the external id of batch ${record.id}`, seen, expected);
    return expected;
  }
}
