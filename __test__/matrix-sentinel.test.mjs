// Clients that find their server through sentinels.

import { matrix, refusals } from "./support/matrix.mjs";
import { freePort } from "./support/redis.mjs";
import { withSentinels } from "./support/sentinel.mjs";

const group = await withSentinels({ sentinels: 2, password: "secret", sentinelPassword: "watching" });
const [primary, replica] = group.servers;
const places = group.sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
const nobody = { host: "127.0.0.1", port: await freePort() };

const withOptions = (options) => (Redis) => new Redis(group.options(options));
/** Nobody tries again: what fails at first, fails. */
const impatient = { sentinelRetryStrategy: null, retryStrategy: null };

matrix("Sentinel", [
  ["all sentinels", withOptions()],
  ["one sentinel", withOptions({ sentinels: places.slice(0, 1) })],
  ["a sentinel by name", withOptions({ sentinels: [{ ...places[0], host: "localhost" }] })],
  ["a sentinel that is not there before one that is", withOptions({ sentinels: [nobody, places[1]] })],
  ["role master", withOptions({ role: "master" })],
  ["db and keyPrefix", withOptions({ db: 2, keyPrefix: "tenant:" })],
  ["a username", withOptions({ username: "default" })],
  ["a username for the sentinels", withOptions({ sentinelUsername: "default" })],
  ["updateSentinels: false", withOptions({ updateSentinels: false })],
  ["natMap", withOptions({ natMap: { [`127.0.0.1:${primary.port}`]: { host: "localhost", port: primary.port } } })],
  ["natMap as a function", withOptions({ natMap: () => ({ host: "127.0.0.1", port: primary.port }) })],
  ["failoverDetector", withOptions({ failoverDetector: true })],
  ["lazyConnect", withOptions({ lazyConnect: true })],
  ["tls, which does not count without enableTLSForSentinelMode", withOptions({ tls: {} })],
]);

refusals("Sentinel, refused", [
  [
    "a wrong password",
    withOptions({ password: "canary-wrong", retryStrategy: () => 5 }),
    { code: "WRONGPASS", db: group.admin(primary) },
  ],
  [
    "a wrong password of the sentinels",
    withOptions({ sentinelPassword: "canary-wrong", ...impatient }),
    { code: "SENTINELS_UNREACHABLE", db: group.admin(primary) },
  ],
  [
    "an unknown name",
    withOptions({ name: "unknown", ...impatient }),
    { code: "SENTINELS_UNREACHABLE", db: group.admin(primary) },
  ],
  [
    "no sentinel at all",
    withOptions({ sentinels: [nobody], ...impatient }),
    { code: "SENTINELS_UNREACHABLE", db: group.admin(primary) },
  ],
  [
    "a write to a replica",
    withOptions({ role: "slave" }),
    { code: "READONLY", theirs: /^READONLY /, attempt: (client) => client.set("a", "b"), db: group.admin(replica) },
  ],
]);
