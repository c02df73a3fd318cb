// The key layout 3, and ways to look at what is stored.

/** The keys of a store with the prefix `P`, as CONTRACT section 3 lists them. */
export function keysOf(P) {
  return {
    prefix: P,
    request: (id) => `${P}:req:${id}`,
    token: (token) => `${P}:idx:token:${token}`,
    externalId: (id) => `${P}:idx:ext:${id}`,
    status: (status) => `${P}:idx:status:${status}`,
    all: `${P}:idx:all:req`,
    namespace: (namespace) => `${P}:idx:ns:${namespace}`,
    namespaceStatus: (namespace, status) => `${P}:idx:ns:${namespace}:status:${status}`,
    batch: (id) => `${P}:batch:${id}`,
    batchExternalId: (id) => `${P}:idx:batch:ext:${id}`,
    batchItems: (id) => `${P}:idx:batch:${id}`,
    entry: (id) => `${P}:timeline:entry:${id}`,
    thread: (id) => `${P}:timeline:${id}`,
    delivery: (id) => `${P}:notify:${id}`,
    deliveryExternalId: (id) => `${P}:idx:notify:ext:${id}`,
    migrations: `${P}:meta:migrations`,
    marker: (id) => `${P}:meta:resolve:${id}`,
  };
}

/** A sorted set as `[[member, score], …]`, lowest first. */
export async function scoresOf(db, key) {
  const flat = await db.zrange(key, 0, -1, "WITHSCORES");
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], Number(flat[2 * i + 1])]);
}

/** All keys that start with `prefix`, sorted. Works on binary keys, too. */
export async function keysUnder(db, prefix = "") {
  const pattern = `${prefix.replace(/[\\*?[\]^-]/g, "\\$&")}*`;
  const found = new Set();
  let cursor = "0";
  do {
    const [next, keys] = await db.scan(cursor, "MATCH", pattern, "COUNT", 1000);
    cursor = next;
    keys.forEach((key) => found.add(key));
  } while (cursor !== "0");
  return [...found].sort();
}

/** Everything under `prefix`: key → type and value. Two snapshots are deep-equal iff nothing has changed. */
export async function snapshot(db, prefix = "") {
  const keys = await keysUnder(db, prefix);
  const types = await Promise.all(keys.map((key) => db.type(key)));
  const values = await Promise.all(
    keys.map(async (key, i) => {
      if (types[i] === "zset") return scoresOf(db, key);
      if (types[i] === "set") return (await db.smembers(key)).sort();
      return types[i] === "string" ? db.get(key) : db.dump(key);
    }),
  );
  return Object.fromEntries(keys.map((key, i) => [key, { type: types[i], value: values[i] }]));
}
