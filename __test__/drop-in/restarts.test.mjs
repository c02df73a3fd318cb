// Replicas and Redis are killed in the middle of the work, and started again: nothing is lost, and nothing decided twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { between, shuffled } from "../support/chance.mjs";
import { withRedis } from "../support/redis.mjs";
import { call, fleetOf, startProgram } from "./fleet.mjs";
import { serverProject } from "./project.mjs";
import { envOf } from "./replicas.mjs";
import { question } from "./story.mjs";
import { openWorld } from "./world.mjs";

const NAMESPACE = "restarts";
const WORKFLOWS = 120;
const AT_ONCE = 12;

/** How often a caller tries, 50 ms apart, before it gives up: long enough for every start on a busy machine. */
const TRIES = 1200;

const redis = await withRedis({ persistence: "always" });
const { home, main } = await serverProject("restarts");

/** Calls whichever replica is next until one of them answers: a caller knows that machines restart. */
function patiently(replicas) {
  let turn = 0;
  return async (method, path, body) => {
    for (let tries = 1; ; tries++) {
      turn += 1;
      const [url] = replicas[turn % replicas.length].urls;
      const answer = await call(url, method, path, body).catch((error) => ({ status: 503, body: error }));
      if (answer.status !== 503) return answer;
      assert.ok(tries < TRIES, `${method} ${path}: ${answer.body.error ?? answer.body}`);
      await pause(50);
    }
  };
}

test("replicas and Redis crash in the middle: each workflow has one request, one decision, and hears of it", async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const start = (name) => startProgram({ args: [main], cwd: home, env: envOf(redis, world, 0, name) });
  const replicas = await Promise.all(["a", "b"].map(start));
  const ask = patiently(replicas);

  /** One workflow from its question to its end, with two people who want different things. */
  async function live() {
    const asked = question({ namespace: NAMESPACE });
    const { status, body } = await ask("POST", "/requests", asked);
    assert.ok(status === 201 || status === 200, JSON.stringify(body));
    const { externalId } = await world.shown("chat", body.id);
    const clicks = await Promise.all(
      shuffled(["approve", "deny"]).map(async (actionId) => {
        const by = { id: actionId };
        return ask("POST", "/clicks", { externalId, actionId, by });
      }),
    );
    assert.ok(
      clicks.every(({ status }) => status === 200 || status === 409),
      JSON.stringify(clicks),
    );
    return { token: asked.token, id: body.id, won: clicks.filter(({ status }) => status === 200) };
  }

  const workflows = [];
  let left = WORKFLOWS;
  const engine = Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        workflows.push(await live());
      }
    }),
  );

  /** Each fault comes when so much of the work is done. */
  const faults = {
    "replica a": () => restartReplica(0),
    redis: restartRedis,
    "replica b": () => restartReplica(1),
    "redis once more": restartRedis,
    both: () => Promise.all([restartReplica(0), restartRedis()]),
  };
  async function restartReplica(at) {
    await replicas[at].kill();
    replicas[at] = await start(`restarted-${at}`);
  }
  async function restartRedis() {
    await redis.kill();
    await redis.restart();
  }
  const share = WORKFLOWS / (Object.keys(faults).length + 1);
  let faulted = 0;
  for (const fault of Object.values(faults)) {
    const due = WORKFLOWS - Math.round(share * (faulted + 1));
    while (left > due) await pause(1);
    await pause(between(0, 20));
    await fault();
    faulted += 1;
  }
  await engine;
  assert.equal(workflows.length, WORKFLOWS);

  for (const { token, id, won } of workflows) {
    const { body: record } = await ask("GET", `/tokens/${encodeURIComponent(token)}`);
    assert.equal(record.id, id, token);
    assert.equal(record.status, "resolved", id);
    assert.ok(won.length <= 1, `${id} was decided twice`);
    // Whose answer was lost with its replica has decided all the same.
    if (won.length === 1) assert.deepEqual(record.result, won[0].body, id);
    assert.deepEqual(await world.resumed(token), record.result, id);
    for (const told of world.toldOf(token)) assert.deepEqual(told, record.result, id);
  }
  const { body } = await ask("GET", `/count?namespace=${NAMESPACE}&status=resolved`);
  assert.equal(body.count, WORKFLOWS);
  assert.equal((await ask("GET", `/count?namespace=${NAMESPACE}`)).body.count, WORKFLOWS);
  assert.equal(world.messagesIn("chat").length, WORKFLOWS);

  await fleetOf(replicas).stop();
});
