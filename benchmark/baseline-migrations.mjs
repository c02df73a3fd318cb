// The migrations of the JavaScript version, as the contract describes them: the index is deleted and filled again, one
// id at a time, each with a question for its record: seven round trips per record.

const scoreOf = (text) => (text && Date.parse(JSON.parse(text).createdAt)) || 0;

async function sort(commands, keys, index) {
  // What an earlier run has begun to fill counts as done.
  if ((await commands.type(index)) !== "set") return;
  const ids = await commands.smembers(index);
  await commands.del(index);
  for (const id of ids) {
    await commands.zadd(index, scoreOf(await commands.get(keys.request(id))), id);
  }
}

/** By their names in the ledger, in order. */
export const MIGRATIONS = {
  "001-initial": async () => {},

  "002-sorted-indexes": async (commands, keys) => {
    for (const index of [keys.status("pending"), keys.status("resolved"), keys.all]) await sort(commands, keys, index);
  },

  "003-namespace-indexes": async (commands, keys) => {
    for (const status of ["pending", "resolved"]) {
      for (const id of await commands.zrange(keys.status(status))) {
        const text = await commands.get(keys.request(id));
        if (!text) continue;
        const { namespace = "global" } = JSON.parse(text);
        await commands.zadd(keys.namespace(namespace), scoreOf(text), id);
        await commands.zadd(keys.namespaceStatus(namespace, status), scoreOf(text), id);
      }
    }
  },
};
