// Calls of all kinds, as a server makes them: for the memory that stays.

import { all } from "./operations.mjs";
import { decision, entry, request } from "./records.mjs";

/** The life of one approval in ten calls, made one after the other. */
const LIFE = [
  (store, { record }) => store.findByToken(record.token),
  (store, { record }) => store.create(record),
  (store, { id }) => store.setExternalId(id, `x-${id}`),
  (store, { id }) => store.get(id),
  (store) => store.list({ status: "pending", limit: 10 }),
  (store) => store.count({ status: "pending" }),
  (store, { id }) => store.findByExternalId(`x-${id}`),
  (store, { id }) => store.appendTimeline(entry(id, `thread-of-${id}`)),
  (store, { id }) => store.resolve(id, decision(id)),
  (store, { id }) => store.timeline(`thread-of-${id}`),
];

/** Makes `count` calls, with 64 approvals under way; `from` counts them over several runs. */
export async function mixed(store, { from, count, bytes }) {
  await all(
    count / LIFE.length,
    async (n) => {
      const id = `mixed-${from / LIFE.length + n}`;
      const life = { id, record: request(id, bytes) };
      for (const call of LIFE) await call(store, life);
    },
    64,
  );
}
