// What is cut: each call, alone or two at once, with the number of bytes that it sends and gets.

import { keysOf } from "../../__test__/support/layout.mjs";
import { startProxy } from "../../__test__/support/proxy.mjs";
import { prepareReads, READS } from "../../__test__/support/reads.mjs";
import { decision } from "../../__test__/support/records.mjs";
import { numbered, WRITES } from "../../__test__/support/writes.mjs";
import { IoredisState, SCHEMA_VERSION } from "../../index.js";

/** The two ways to live with a lost reply: ask again until it is known, or say that it is not known. */
const PATIENCE = {
  "sent again": { maxRetriesPerRequest: null, retryStrategy: () => 0 },
  "not sent again": { maxRetriesPerRequest: 0, retryStrategy: () => 0 },
};

/** The migration of a fresh store, which each id has beside the one of the sweep. */
const SCHEMA = {
  name: "ensureSchema",
  several: true,
  prepare: () => {},
  call: (_, id, { openFresh }) => openFresh(id).ensureSchema(),
  took: async (_, id, { db, table }) => (await db.scard(keysOf(`${table}_${id}`).migrations)) === SCHEMA_VERSION,
};

const CREATE = { ...WRITES.find(({ name }) => name === "create"), prepare: () => {} };
const RESOLVE = {
  name: "resolve",
  call: (state, id) => state.resolve(id, decision(id)),
  took: async (state, id) => (await state.get(id))?.status === "resolved",
  again: "ALREADY_RESOLVED",
};

/** Each thing that is cut: its calls, made at once, each as in `WRITES`; `isRead` without `took`. */
const SUBJECTS = [
  ...[...WRITES, SCHEMA].map((write) => ({ name: write.name, prepare: write.prepare, calls: [write] })),
  { name: "create and resolve together", prepare: CREATE.prepare, calls: [CREATE, RESOLVE] },
  ...READS.map((read) => ({ name: read.name, prepare: () => {}, calls: [{ ...read, isRead: true }] })),
];

let tables = 0;

/** A fresh store of a name that is as long as all others, seen by `near` without faults and by `far` with them. */
export async function withFar({ redis, open, side }, patience, work) {
  const table = `c2_${numbered(tables++)}`;
  const proxy = await startProxy(redis);
  // The proxy knows our connection by its name; the JavaScript version has none of its own.
  const name = side === "native" ? {} : { connectionName: "hitl", enableReadyCheck: false };
  const client = redis.client({ port: proxy.port, ...name, ...PATIENCE[patience] });
  const db = redis.client();
  try {
    const near = new IoredisState(db, { tableName: table });
    const far = open(client, table);
    await far.ensureSchema();
    await prepareReads(near);
    const openFresh = (id) => open(client, `${table}_${id}`);
    await work({ table, near, far, db, proxy, openFresh, keys: keysOf(table) });
  } finally {
    client.disconnect();
    db.disconnect();
    await proxy.stop();
  }
}

/** Every cut that there is: what, how patient its caller is, and after which byte of which side. */
export async function allCuts(scene) {
  const cuts = [];
  await withFar(scene, "sent again", async (place) => {
    const { near, far, db, proxy, keys } = place;
    for (const [n, subject] of SUBJECTS.entries()) {
      const id = numbered(n);
      await subject.prepare(near, id, db, keys);
      const sent = await proxy.measure(() => Promise.all(subject.calls.map(({ call }) => call(far, id, place))));
      for (const patience of Object.keys(PATIENCE)) {
        for (const end of ["request", "reply"]) {
          const bytes = sent[`${end}Bytes`];
          for (let byte = 0; byte <= bytes; byte++) cuts.push({ subject, patience, end, byte, bytes });
        }
      }
    }
  });
  return cuts;
}
