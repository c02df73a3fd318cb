// The same compiled server with version 1 of the package in its node_modules, and then with this one: side by side, and
// swapped in the middle of the work, there and back. For version 1 stands our model of it.

import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { link } from "../support/packed.mjs";
import { withRedis } from "../support/redis.mjs";
import { fleetOf, startProgram } from "./fleet.mjs";
import { serverProject } from "./project.mjs";
import { envOf } from "./replicas.mjs";
import { callerOf, question, story } from "./story.mjs";
import { openWorld } from "./world.mjs";

const NAME = "@hitl-sdk/state-ioredis";

const redis = await withRedis();
const current = await serverProject("current");

/** The same files, with the package that `npm install @hitl-sdk/state-ioredis@1` would put there. */
const old = { home: `${current.home}-on-1` };
await cp(current.home, old.home, { recursive: true, verbatimSymlinks: true });
await rm(join(old.home, "node_modules", NAME), { recursive: true });
await link(old.home, NAME, "__test__/drop-in/version-1");

function replica({ home }, world, database, name) {
  return startProgram({ args: ["dist/main.js"], cwd: home, env: envOf(redis, world, database, name) });
}

story("the server as it was: two replicas of version 1", beside(old, old, 0), { beside1: true });

story("a rolling upgrade: a replica of version 1, and one of this", beside(old, current, 1), { beside1: true });

function beside(one, other, database) {
  return async (world) =>
    fleetOf(await Promise.all([replica(one, world, database, "a"), replica(other, world, database, "b")]));
}

const NAMESPACE = "swapped";

/** All that can be read of some work. */
async function allOf(ask, { ids, batch, token, thread, notification }) {
  const paths = [
    ...ids.map((id) => `/requests/${id}`),
    ...[`/batches/${batch}`, `/tokens/${token}`, `/threads/${thread}`, `/notifications/${notification}`],
    ...["pending", "resolved"].map((status) => `/requests?namespace=${NAMESPACE}&status=${status}`),
    ...["pending", "resolved"].map((status) => `/count?namespace=${NAMESPACE}&status=${status}`),
  ];
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await ask(200, "GET", path)])));
}

/** Work in every state: open and decided requests, a half-decided batch, a thread, a notification. */
async function work(ask) {
  const ids = [];
  for (let n = 0; n < 8; n++) {
    ids.push((await ask(201, "POST", "/requests", question({ namespace: NAMESPACE, token: `swap-${n}` }))).id);
  }
  const items = [1, 2, 3, 4].map(() => question({ namespace: NAMESPACE }));
  const batch = await ask(201, "POST", "/batches", { message: "Run", actions: [{ id: "approve" }], items });
  for (const id of [ids[0], ids[1], batch.items[0]])
    await ask(200, "POST", `/decisions/${id}`, { actionId: "approve" });
  await ask(201, "POST", "/threads/week-47", { message: "Opened", detail: { by: "Ada" } });
  const { id: notification } = await ask(201, "POST", "/notifications", { message: "Opened", groupId: "week-47" });
  return { ids: [...ids, ...batch.items], batch: batch.id, token: "swap-3", thread: "week-47", notification };
}

test("swapped in the middle of the work, and back: what was there is read the same, and is finished", async (t) => {
  const world = await openWorld();
  t.after(() => world.close());

  /** Replaces what runs, as a deployment does. */
  let running;
  async function deploy(project) {
    await running?.stop();
    running = await replica(project, world, 2, "only");
    return callerOf(running.urls);
  }

  const before = await deploy(old);
  const made = await work(before);
  const seen = await allOf(before, made);
  const page = `/requests?namespace=${NAMESPACE}&status=pending&limit=4`;
  const { items: first, nextCursor } = await before(200, "GET", page);

  const after = await deploy(current);
  assert.deepEqual(await allOf(after, made), seen);
  const { items: second } = await after(200, "GET", `${page}&cursor=${encodeURIComponent(nextCursor)}`);
  const open = seen[`/requests?namespace=${NAMESPACE}&status=pending`].items;
  assert.deepEqual([...first, ...second], open.slice(0, 8));

  // One person clicks on a message that the old version has sent, and another decides in the inbox.
  const [clicked, decided] = open.filter(({ externalId }) => externalId);
  await after(200, "POST", "/clicks", { externalId: clicked.externalId, actionId: "approve" });
  await after(200, "POST", `/decisions/${decided.id}`, { actionId: "deny" });
  await after(409, "POST", `/decisions/${made.ids[0]}`, { actionId: "deny" });
  const more = await after(201, "POST", "/requests", question({ namespace: NAMESPACE }));
  const grown = { ...made, ids: [...made.ids, more.id] };
  const seenAfter = await allOf(after, grown);

  // The way back: version 1 reads what this version wrote, and finishes it.
  const back = await deploy(old);
  assert.deepEqual(await allOf(back, grown), seenAfter);
  for (const { id } of seenAfter[`/requests?namespace=${NAMESPACE}&status=pending`].items) {
    await back(200, "POST", `/decisions/${id}`, { actionId: "approve" });
  }
  await world.shown("chat", `${made.batch}:complete`);

  const again = await deploy(current);
  assert.deepEqual(await again(200, "GET", `/count?namespace=${NAMESPACE}&status=pending`), { count: 0 });
  assert.deepEqual(await again(200, "GET", `/count?namespace=${NAMESPACE}&status=resolved`), { count: 13 });
  await running.stop();
});
