// As whom: every way to give credentials to ioredis, and the refusals.

import assert from "node:assert/strict";
import { HAS_CREDENTIALS, publishedUser } from "./support/acl.mjs";
import { matrix, refusals } from "./support/matrix.mjs";
import { withRedis } from "./support/redis.mjs";

const host = "127.0.0.1";

/** A server that anybody may use, with users of many kinds. */
const open = await withRedis();
/** A server whose default user has a password, of digits only. */
const locked = await withRedis({ args: ["--requirepass", "12345"] });
const [openDb, lockedDb] = [open.client(), locked.client({ password: "12345" })];

const ODD_PASSWORD = "p@ss/wörd?#:%";
const WRONG = "canary-wrong";

for (const db of [openDb, lockedDb]) {
  const user = (name, ...rules) => db.acl("SETUSER", name, "reset", "on", "~*", "&*", "+@all", ...rules);
  await user("ada", ">secret");
  await user("odd", `>${ODD_PASSWORD}`);
  await user("open", "nopass");
  await user("disabled", ">secret", "off");
  await db.acl("SETUSER", ...publishedUser({ username: "least", password: "secret", keys: "~matrix_*" }));
  await user("without-info", ">secret", "-info");
  await user("without-names", ">secret", "-client");
  await user("reader", ">secret", "-@write");
  await user("elsewhere", ">secret", "resetkeys", "~elsewhere:*");
}

const at = ({ port }, options) => ({ host, port, ...options });
const url = ({ port }, credentials, rest = "") => `redis://${credentials}@${host}:${port}${rest}`;
/** Clients that are refused try again at once, for ever. */
const refused = (server, options) => at(server, { retryStrategy: () => 5, ...options });

/** Both connections are this user's. */
const as = (user) => ({
  look: async ({ client }) => {
    const list = await openDb.client("LIST");
    const { connectionName } = client.options;
    for (const name of [connectionName, `${connectionName}:hitl`]) {
      assert.match(list, new RegExp(` name=${name} .* user=${user} `));
    }
  },
});

let count = 0;
/** A name for a connection that no other has. */
const named = () => ({ connectionName: `credentials-${count++}` });

matrix("credentials", [
  [
    "username and password",
    (Redis) => new Redis(at(open, { username: "ada", password: "secret", ...named() })),
    as("ada"),
  ],
  ["user:password@ in a URL", (Redis) => new Redis(url(open, "ada:secret"), named()), as("ada")],
  [
    "user:password@ in a URL, percent-encoded",
    (Redis) => new Redis(url(open, `odd:${encodeURIComponent(ODD_PASSWORD)}`), named()),
    as("odd"),
  ],
  [
    "username and password as ?username= and ?password=",
    (Redis) => new Redis(`redis://${host}:${open.port}?username=ada&password=secret`, named()),
    as("ada"),
  ],
  ["credentials over a Unix socket", (Redis) => new Redis({ path: open.socket, username: "ada", password: "secret" })],
  ["a URL with user, password and db", (Redis) => new Redis(url(open, "ada:secret", "/5"), named()), as("ada")],
  [
    "an odd password",
    (Redis) => new Redis(at(open, { username: "odd", password: ODD_PASSWORD, ...named() })),
    as("odd"),
  ],
  ["a user without a password", (Redis) => new Redis(at(open, { username: "open", ...named() })), as("open")],
  [
    "a user with an empty password",
    (Redis) => new Redis(at(open, { username: "open", password: "", ...named() })),
    as("open"),
  ],
  ["user@ in a URL", (Redis) => new Redis(url(open, "open"), named()), as("open")],
  ["a password alone", (Redis) => new Redis(at(locked, { password: "12345" }))],
  ["a password that is a number", (Redis) => new Redis(at(locked, { password: 12345 }))],
  [":password@ in a URL", (Redis) => new Redis(url(locked, ":12345"))],
  ["the default user by name", (Redis) => new Redis(at(locked, { username: "default", password: "12345" }))],
  ["an empty user and a password", (Redis) => new Redis(at(locked, { username: "", password: "12345" }))],
  [
    "user and password where the default user has one",
    (Redis) => new Redis(at(locked, { username: "ada", password: "secret" })),
  ],
  ["a password that nobody asks for", (Redis) => new Redis(at(open, { password: WRONG, ...named() })), as("default")],
  [
    "an empty password",
    (Redis) => new Redis(at(open, { password: "", ...named() })),
    { ...as("default"), skip: HAS_CREDENTIALS },
  ],
  [
    "credentials that are null",
    (Redis) => new Redis(at(open, { username: null, password: null, ...named() })),
    { ...as("default"), skip: HAS_CREDENTIALS },
  ],
  [
    "a user with the least rights",
    (Redis) => new Redis(at(open, { username: "least", password: "secret", ...named() })),
    as("least"),
  ],
  ["a user who may not ask INFO", (Redis) => new Redis(at(open, { username: "without-info", password: "secret" }))],
  [
    "a user who may not name connections",
    (Redis) => new Redis(at(open, { username: "without-names", password: "secret" })),
  ],
  [
    "a password that was set before the first connection",
    (Redis) => {
      const client = new Redis(at(locked, { password: WRONG, lazyConnect: true }));
      client.options.password = "12345";
      return client;
    },
  ],
]);

refusals("refused credentials", [
  ["a wrong password", (Redis) => new Redis(refused(locked, { password: WRONG })), { code: "WRONGPASS", db: lockedDb }],
  [
    "a user's wrong password",
    (Redis) => new Redis(refused(open, { username: "ada", password: WRONG })),
    { code: "WRONGPASS", db: openDb },
  ],
  [
    "a wrong password in a URL",
    (Redis) => new Redis(url(locked, `:${WRONG}`), { retryStrategy: () => 5 }),
    { code: "WRONGPASS", db: lockedDb },
  ],
  [
    "an empty password where the user has one",
    (Redis) => new Redis(refused(open, { username: "ada" })),
    { code: "WRONGPASS", db: openDb },
  ],
  [
    "an unknown user",
    (Redis) => new Redis(refused(open, { username: "nobody", password: "secret" })),
    { code: "WRONGPASS", db: openDb },
  ],
  [
    "a user who is disabled",
    (Redis) => new Redis(refused(open, { username: "disabled", password: "secret" })),
    { code: "WRONGPASS", db: openDb },
  ],
  [
    "no password where there is one",
    (Redis) => new Redis(refused(locked)),
    { code: "NOAUTH", db: lockedDb, skip: HAS_CREDENTIALS },
  ],
  [
    "an empty password where there is one",
    (Redis) => new Redis(refused(locked, { password: "" })),
    { code: "NOAUTH", db: lockedDb, skip: HAS_CREDENTIALS },
  ],
  [
    "a user without rights on these keys",
    (Redis) => new Redis(refused(open, { username: "elsewhere", password: "secret" })),
    { code: "NOPERM", db: openDb },
  ],
]);
