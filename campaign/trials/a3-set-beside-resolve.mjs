// A3: external ids are set, and a create is retried, while the request is being decided.

import { verdict } from "../../__test__/support/assertions.mjs";
import { decision, request } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";

const AT_ONCE = 128;
const REPLICAS = 4;

/** What is not as it must be with the record of `id`, after it was decided once. */
function* faultsOf({ status, result, externalIds } = {}, id) {
  if (status !== "resolved") yield "a resolved request is pending again";
  else if (result?.by?.id !== "reviewer") yield "the stored decision is another one";
  if (externalIds?.slack !== `slack-${id}`) yield "an external id is lost";
  if (externalIds?.inbox !== `inbox-${id}`) yield "an external id is lost";
}

export const trial = {
  id: "A3",
  title: "Two external ids and a retried create beside a decision",
  promise: "no decision is undone, none is accepted twice, no external id is lost",
  unit: "requests",
  full: 50_000,
  shard: 25_000,
  short: 400,
  javascript: { full: 2000, short: 1000, breaks: true },
  async run({ side, count, chance, open, server, fault, did }) {
    const redis = await server();
    const states = Array.from({ length: REPLICAS }, () => open(redis.client(), "a3"));
    await states[0].ensureSchema();
    const ids = Array.from({ length: count }, (_, n) => numbered(n));
    const [slack, inbox, reviewer, creator] = states;
    const work = async (id) => {
      const first = request({ id });
      await slack.create(first);
      const calls = [
        () => slack.setExternalId(id, `slack-${id}`),
        () => inbox.setExternalId(id, `inbox-${id}`, "inbox"),
        () => reviewer.resolve(id, decision(id, { by: { id: "reviewer" } })),
      ];
      // A create again is refused by nobody there: it would overwrite, which another trial counts.
      if (side === "native") calls.push(() => creator.create(first).catch((error) => error));
      await Promise.all(chance.shuffled(calls).map((call) => call()));
      for (const kind of faultsOf(await slack.get(id), id)) fault(kind, id);
      const again = await verdict(reviewer.resolve(id, decision(id, { by: { id: "second" } })));
      if (!again.error) fault("a second decision is accepted", id);
      did();
    };
    await each(ids, work, AT_ONCE);
  },
};
