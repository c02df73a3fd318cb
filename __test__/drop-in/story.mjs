// What users of a Hitl server rely on, asked of it over HTTP alone: the same questions wherever and however it runs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { between, shuffled } from "../support/chance.mjs";
import { call } from "./fleet.mjs";
import { openWorld } from "./world.mjs";

const ACTIONS = [
  { id: "approve", label: "Pay", style: "primary" },
  { id: "deny", label: "Hold back", fields: { reason: { kind: "select", label: "Why", options: ["price", "other"] } } },
];

/** A day's work for a JSON store. Version 1 changes such data when a request is resolved, and is asked about the first only. */
const PLAIN = { supplier: "Böhm & Söhne 🏭", amount: 12_980.5, lines: [{ item: "Trommellager", pieces: 2 }] };
const DELICATE = { ...PLAIN, attachments: [], ledger: Number.MAX_SAFE_INTEGER, rate: 0.1 + 0.2, path: "a/b", none: {} };

let made = 0;

/** A question of a workflow, like no other one. */
export function question(more = {}) {
  made += 1;
  const token = `wf:${process.pid}:${made}`;
  return { token, namespace: "finance", message: `Pay invoice ${made}?`, actions: ACTIONS, context: PLAIN, ...more };
}

/** The calls of one story: each goes to the next replica, and must be answered with `status`. */
export function callerOf(urls) {
  let turn = 0;
  return async (status, method, path, body) => {
    turn += 1;
    const answer = await call(urls[turn % urls.length], method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
}

const at = (name) => encodeURIComponent(name);

/**
 * Tells the story of a server that runs in this setting.
 *
 * @param {string} setting
 * @param {(world: { url: string }) => Promise<{ urls: string[], stop: () => Promise<unknown> }>} start
 * @param {{ beside1?: boolean }} [options] `beside1`: a replica of version 1 takes part. It is spared what that
 *   version is known to break: two first calls about one workflow at once, and data that its `resolve` writes otherwise.
 */
export function story(setting, start, { beside1 = false } = {}) {
  describe(setting, () => {
    let world;
    let fleet;
    let ask;

    before(async () => {
      world = await openWorld();
      fleet = await start(world);
      ask = callerOf(fleet.urls);
    });

    after(async () => {
      await fleet?.stop();
      await world.close();
    });

    test("an approval is asked for, shown, listed, decided by a click, and its workflow goes on", async () => {
      const asked = question({ namespace: `first-${made}` });
      const { id } = await ask(201, "POST", "/requests", asked);
      const { externalId, message } = await world.shown("chat", id);
      assert.equal(message, asked.message);

      const { items } = await ask(200, "GET", `/requests?status=pending&namespace=${asked.namespace}`);
      const { createdAt, ...pending } = items[0];
      const { token, namespace, actions, context } = asked;
      const stored = { id, token, channel: "chat", namespace, message, actions, context };
      const shown = { externalId, externalIds: { chat: externalId } };
      assert.deepEqual(pending, { ...stored, ...shown, status: "pending" });
      assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000);

      const by = { id: "U01", name: "Ada Lindqvist" };
      const result = await ask(200, "POST", "/clicks", { externalId, actionId: "approve", by });
      assert.deepEqual(result, { type: "RESOLVED", actionId: "approve", id, externalRef: token, by, feedbacks: {} });
      assert.deepEqual(await world.resumed(token), result);

      const { resolvedAt, ...decided } = await ask(200, "GET", `/requests/${id}`);
      assert.deepEqual(decided, { ...stored, ...shown, status: "resolved", result, createdAt });
      assert.ok(Date.parse(resolvedAt) >= Date.parse(createdAt));
      assert.deepEqual(await ask(200, "GET", `/tokens/${at(token)}`), { ...decided, resolvedAt });
      const thread = await ask(200, "GET", `/threads/${id}`);
      assert.deepEqual(
        thread.map((entry) => entry.message),
        ["Decided: approve", "The workflow goes on"],
      );
    });

    test("an engine that asks again gets the same request, which is shown once", async () => {
      const asked = question({ channel: "chat-again" });
      const { id } = await ask(201, "POST", "/requests", asked);
      for (let n = 0; n < 3; n++) assert.deepEqual(await ask(200, "POST", "/requests", asked), { id });
      assert.equal(world.messagesIn("chat-again").length, 1);
    });

    test("an engine that asks all replicas at once has made one request", { skip: beside1 }, async () => {
      const namespace = `at-once-${made}`;
      const workflows = Array.from({ length: 8 }, () => question({ channel: "chat-at-once", namespace }));
      const answers = await Promise.all(
        workflows.flatMap((asked) => fleet.urls.concat(fleet.urls).map((url) => call(url, "POST", "/requests", asked))),
      );
      assert.deepEqual(
        answers.filter(({ status }) => status !== 200 && status !== 201),
        [],
      );
      assert.equal(answers.filter(({ status }) => status === 201).length, 8);
      assert.deepEqual(await ask(200, "GET", `/count?namespace=${namespace}`), { count: 8 });
      assert.equal(world.messagesIn("chat-at-once").length, 8);
    });

    test("reviewers turn the pages of their inbox, each of another replica", async () => {
      const namespace = `inbox-${made}`;
      const ids = [];
      for (let n = 0; n < 23; n++) ids.push((await ask(201, "POST", "/requests", question({ namespace }))).id);
      for (const id of ids.slice(0, 4)) await ask(200, "POST", `/decisions/${id}`, { actionId: "deny" });

      const pages = [];
      for (let cursor; ; ) {
        const query = `namespace=${namespace}&status=pending&limit=5${cursor ? `&cursor=${at(cursor)}` : ""}`;
        const page = await ask(200, "GET", `/requests?${query}`);
        pages.push(page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        if (!cursor) break;
      }
      assert.deepEqual(
        pages.map((page) => page.length),
        [5, 5, 5, 4],
      );
      // Two of one millisecond may stand in either order.
      assert.deepEqual(pages.flat().sort(), ids.slice(4).sort());
      assert.equal(pages[0].includes(ids[22]) || pages[0].includes(ids[21]), true);
      for (const [status, count] of Object.entries({ pending: 19, resolved: 4 })) {
        assert.deepEqual(await ask(200, "GET", `/count?namespace=${namespace}&status=${status}`), { count });
      }
      await ask(400, "GET", "/requests?cursor=bm8gY3Vyc29y");
    });

    test("a batch keeps its order, is decided item by item, and its channel hears of its end", async () => {
      const items = Array.from({ length: 6 }, (_, n) => question({ message: `Item ${n}` }));
      const { id, items: ids } = await ask(201, "POST", "/batches", {
        message: "Payment run",
        actions: ACTIONS,
        items,
      });
      const { externalId } = await world.shown("chat", id);

      const before = await ask(200, "GET", `/batches/${id}`);
      assert.deepEqual(before.batch.externalIds, { chat: externalId });
      assert.deepEqual(
        before.items.map(({ id: item, message, batchIndex }) => [item, message, batchIndex]),
        ids.map((item, n) => [item, `Item ${n}`, n]),
      );
      for (const item of shuffled(ids)) await ask(200, "POST", `/decisions/${item}`, { actionId: "approve" });

      const { message } = await world.shown("chat", `${id}:complete`);
      assert.equal(message, "All 6 are decided");
      const after = await ask(200, "GET", `/batches/${id}`);
      assert.ok(after.items.every(({ status }) => status === "resolved"));
    });

    test("a thread is told in its order, whoever wrote it and when", async () => {
      const thread = `thread ${made} äöü`;
      const days = [1, 2, 3, 4, 5, 6, 7].map((day) => `2026-11-0${day}T08:00:00.000Z`);
      for (const createdAt of shuffled(days)) {
        await ask(201, "POST", `/threads/${at(thread)}`, { message: createdAt, createdAt, detail: { day: createdAt } });
      }
      const entries = await ask(200, "GET", `/threads/${at(thread)}`);
      assert.deepEqual(
        entries.map(({ threadId, message, createdAt, detail }) => [threadId, message, createdAt, detail.day]),
        days.map((day) => [thread, day, day, day]),
      );
      assert.deepEqual(await ask(200, "GET", "/threads/nobody"), []);
    });

    test("a notification goes out, and is known by the channel's id", async () => {
      const { id } = await ask(201, "POST", "/notifications", {
        channel: "mail",
        message: "Done",
        groupId: "treasury",
      });
      const { externalId } = await world.shown("mail", id);
      const { createdAt, ...delivery } = await ask(200, "GET", `/notifications/${id}`);
      assert.deepEqual(delivery, { id, channel: "mail", message: "Done", groupId: "treasury", externalId });
      assert.ok(Date.parse(createdAt) > 0);
      await ask(404, "GET", "/notifications/nobody");
    });

    test("a request shown in three channels can be decided in each of them, once", async () => {
      const asked = question({ alsoOn: ["web", "mail"] });
      const { id } = await ask(201, "POST", "/requests", asked);
      const shown = await Promise.all(["chat", "web", "mail"].map((name) => world.shown(name, id)));
      // Version 1 loses some of the ids that come at once; but each of them leads to the request.
      if (!beside1) {
        const { externalId, externalIds } = await ask(200, "GET", `/requests/${id}`);
        assert.equal(externalId, shown[0].externalId);
        assert.deepEqual(externalIds, Object.fromEntries(shown.map((one) => [one.channel, one.externalId])));
      }
      const [first, ...late] = shuffled(shown);
      await ask(200, "POST", "/clicks", { externalId: first.externalId, actionId: "approve" });
      for (const other of late) await ask(409, "POST", "/clicks", { externalId: other.externalId, actionId: "deny" });
      assert.equal((await world.resumed(asked.token)).actionId, "approve");
      await ask(404, "POST", "/clicks", { externalId: "nobody", actionId: "deny" });
    });

    test("of eight reviewers who decide at once one counts, and the workflow hears of that one alone", async () => {
      const asked = question();
      const { id } = await ask(201, "POST", "/requests", asked);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => {
          const body = { actionId: n % 2 === 0 ? "approve" : "deny", by: { id: `U0${n}` } };
          return call(fleet.urls[n % fleet.urls.length], "POST", `/decisions/${id}`, body);
        }),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)]);
      const { body: result } = answers.find(({ status }) => status === 200);
      assert.deepEqual((await ask(200, "GET", `/requests/${id}`)).result, result);
      assert.deepEqual(world.toldOf(asked.token), [result]);
    });

    test("where timeouts race humans, each request ends one way, and everybody is told the same", async () => {
      // Version 1 forgets a decision that comes while a channel's id is being noted.
      const timeout = beside1 ? 2000 : 400;
      const races = Array.from({ length: 20 }, async () => {
        const asked = question({ timeout });
        const { id } = await ask(201, "POST", "/requests", asked);
        await pause(between(timeout - 150, timeout + 150));
        const click = await call(fleet.urls[0], "POST", `/decisions/${id}`, { actionId: "approve" });
        const told = await world.resumed(asked.token);
        const { result } = await ask(200, "GET", `/requests/${id}`);
        assert.deepEqual(result, told);
        assert.deepEqual([click.status, told.type], told.type === "RESOLVED" ? [200, "RESOLVED"] : [409, "TIMED_OUT"]);
        assert.equal(world.toldOf(asked.token).length, 1);
      });
      await Promise.all(races);
      const unanswered = question({ timeout: 50 });
      await ask(201, "POST", "/requests", unanswered);
      assert.equal((await world.resumed(unanswered.token)).type, "TIMED_OUT");
    });

    test("a decision leaves what the workflow sent as it was", { skip: beside1 }, async () => {
      const { id } = await ask(201, "POST", "/requests", question({ context: DELICATE }));
      await ask(200, "POST", `/decisions/${id}`, { actionId: "deny", feedbacks: { reason: "price" } });
      const { context, actions, result } = await ask(200, "GET", `/requests/${id}`);
      assert.equal(JSON.stringify(context), JSON.stringify(DELICATE));
      assert.deepEqual([actions, result.feedbacks], [ACTIONS, { reason: "price" }]);
    });

    test("what is not there, or makes no sense, is refused", async () => {
      await ask(404, "GET", "/requests/nobody");
      await ask(404, "GET", "/batches/nobody");
      await ask(404, "POST", "/decisions/nobody", { actionId: "approve" });
      await ask(400, "POST", "/requests", { message: "No token" });
      const { id } = await ask(201, "POST", "/requests", question());
      await ask(400, "POST", `/decisions/${id}`, { actionId: "explode" });
    });
  });
}
