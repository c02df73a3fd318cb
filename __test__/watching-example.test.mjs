// The example of docs/watching.md is run as it stands there, with OpenTelemetry's real API, and a tracer and a meter
// that keep what they are given.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { context, metrics, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { refuses } from "./support/assertions.mjs";
import { request } from "./support/records.mjs";
import { withStores } from "./support/store.mjs";

const { store } = await withStores();
const folder = await mkdtemp(join(tmpdir(), "hitl-watching-"));
after(() => rm(folder, { recursive: true, force: true }));

const page = await readFile(new URL("../docs/watching.md", import.meta.url), "utf8");
const example = page.match(/<!-- a test runs this text -->\n\n```js\n(.*?)```/s)[1];

const spans = [];
const added = [];
const contexts = new AsyncLocalStorage();

context.setGlobalContextManager({
  active: () => contexts.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...args) => contexts.run(active, () => work.apply(self, args)),
  bind: (_, target) => target,
  enable: () => undefined,
  disable: () => undefined,
});
trace.setGlobalTracerProvider({
  getTracer: (library) => ({
    startSpan(name, { kind, attributes }) {
      const span = { library, name, kind, attributes, parent: trace.getSpan(context.active())?.name, ended: 0 };
      spans.push(span);
      return { setStatus: (status) => (span.status = status), end: () => (span.ended += 1) };
    },
  }),
});
metrics.setGlobalMeterProvider({
  getMeter: () => ({ createCounter: (name) => ({ add: (count, about) => added.push([name, count, about]) }) }),
});

test("the example is short, and makes a span of each call and a count of all else", async () => {
  assert.ok(example.split("\n").length <= 26, example);
  const program = join(folder, "example.mjs");
  await writeFile(program, example);
  await symlink(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"), "dir");
  await import(program);

  const { state, tableName } = store();
  const callers = trace.setSpan(ROOT_CONTEXT, { name: "request" });
  await context.with(callers, () => state.create(request({ id: "r" })));
  await refuses(state.create(request({ id: "s", token: "token-of-r" })), "TOKEN_TAKEN");

  const library = "@hitl-sdk/state-ioredis";
  const span = (id, rest) => ({
    ...{ library, name: "hitl create", kind: SpanKind.CLIENT, ended: 1, parent: undefined, ...rest },
    attributes: { "db.system.name": "redis", "db.collection.name": tableName, "hitl.record.id": id },
  });
  const status = { code: SpanStatusCode.ERROR, message: "TOKEN_TAKEN" };
  assert.deepEqual(spans, [span("r", { parent: "request" }), span("s", { status })]);
  const count = (what, rest) => [
    "hitl.state.happened",
    1,
    { what, operation: undefined, state: undefined, code: undefined, ...rest },
  ];
  assert.deepEqual(added, [
    count("connection", { state: "connecting" }),
    count("connection", { state: "ready" }),
    count("conflict", { operation: "create", code: "TOKEN_TAKEN" }),
  ]);
});
