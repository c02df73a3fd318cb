// A4: eight plugins send one request out at the same time, and each writes down its message.

import { request } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";
import { checkStore } from "../support/sound.mjs";

const TABLE = "a4";
const PLUGINS = ["slack", "inbox", "line", "email", "teams", "discord", "sms", "pager"];
const AT_ONCE = 64;

export const trial = {
  id: "A4",
  title: "Eight plugins set their external ids on one request at once",
  promise: "all eight are in the record, and each finds it",
  unit: "requests",
  full: 10_000,
  shard: 10_000,
  short: 200,
  javascript: { full: 2000, short: 200, breaks: true },
  async run({ side, count, chance, open, server, fault, did }) {
    const redis = await server();
    const states = PLUGINS.map(() => open(redis.client(), TABLE));
    await states[0].ensureSchema();
    const ids = Array.from({ length: count }, (_, n) => numbered(n));
    const work = async (id) => {
      await states[0].create(request({ id }));
      const order = chance.shuffled([...PLUGINS.keys()]);
      await Promise.all(order.map((n) => states[n].setExternalId(id, `${PLUGINS[n]}-${id}`, PLUGINS[n])));
      const record = await states[0].get(id);
      for (const [n, plugin] of PLUGINS.entries()) {
        const externalId = `${plugin}-${id}`;
        if (record.externalIds?.[plugin] !== externalId) fault("an external id is lost", externalId);
        const found = await states[n].findByExternalId(externalId);
        if (found?.id !== id) fault("an external id finds nothing", externalId);
      }
      // The request's own channel is slack.
      if (record.externalId !== `slack-${id}`) fault("the channel's own external id is another one", id);
      did();
    };
    await each(ids, work, AT_ONCE);
    if (side === "native") await checkStore(fault, redis.client(), TABLE);
  },
};
