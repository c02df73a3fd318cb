// Clients that speak TLS: with a server that anybody may use, with one that asks for certificates, with a
// Cluster and with sentinels; and servers that both sides must not trust.

import { readFileSync } from "node:fs";
import { after } from "node:test";
import tls from "node:tls";
import { startCluster } from "./support/cluster.mjs";
import { matrix, refusals } from "./support/matrix.mjs";
import { withRedis } from "./support/redis.mjs";
import { withTerminator } from "./support/terminator.mjs";
import { identity, PASSPHRASE, TRUST, tlsPath, tlsText } from "./support/tls.mjs";

const server = await withRedis({ tls: {} });
const strict = await withRedis({ tls: { clients: "yes" } });
const older = await withRedis({ tls: { protocols: "TLSv1.2" } });
const newer = await withRedis({ tls: { protocols: "TLSv1.3" } });
const plain = await withRedis();
const lookers = new Map([server, strict, older, newer].map((each) => [each, each.client({ path: each.socket })]));

/** A server with another certificate, by its name in fixtures/tls. */
async function presenting(certificate, options) {
  const other = await withRedis({ tls: { certificate, ...options } });
  lookers.set(other, other.client({ path: other.socket }));
  return other;
}

const otherName = await presenting("other-name");
const expired = await presenting("expired");
const notYet = await presenting("not-yet");
const selfSigned = await presenting("self-signed", { authority: null });
const onlyCommonName = await presenting("cn-only");
const firstVersion = await presenting("version-1");
const servingAuthority = await presenting("serving-ca");
const chained = await presenting("below-between", { chain: "below-between-chain" });

/** TLS on a Unix socket, in front of a server without it. */
const socket = await withTerminator(plain, identity("server"), { unix: true });
const cluster = await startCluster({ tls: { server: {}, client: TRUST } });
after(() => cluster.stop());

const at = ({ port }, given, options) => ({ host: "127.0.0.1", port, tls: given, ...options });
const trusting = (to, more, options) => (Redis) => new Redis(at(to, { ...TRUST, ...more }, options));
const mutual = (more) => trusting(strict, more);
const client = identity("client");

matrix("TLS", [
  ["ca as text", trusting(server)],
  ["ca as a Buffer", trusting(server, { ca: readFileSync(tlsPath("ca.crt")) })],
  ["ca as a list", trusting(server, { ca: [tlsText("stranger-ca.crt"), TRUST.ca] })],
  ["rediss:// and tls", (Redis) => new Redis(`rediss://127.0.0.1:${server.port}/2`, { tls: TRUST })],
  ["rediss:// and a name", (Redis) => new Redis(`rediss://localhost:${server.port}`, { tls: TRUST, family: 4 })],
  [
    "credentials, database and prefix",
    trusting(server, {}, { username: "default", password: "any", db: 3, keyPrefix: "p:" }),
  ],
  ["servername", trusting(server, { servername: "redis.test" })],
  ["rejectUnauthorized: false with a stranger", trusting(selfSigned, { ca: undefined, rejectUnauthorized: false })],
  ["rejectUnauthorized: false with another name", trusting(otherName, { rejectUnauthorized: false })],
  ["rejectUnauthorized: false with one that has expired", trusting(expired, { rejectUnauthorized: false })],
  ["the server's own certificate as ca", trusting(selfSigned, { ca: tlsText("self-signed.crt") })],
  ["an authority in between", trusting(chained)],
  ["a server that speaks TLS 1.2 only", trusting(older)],
  ["a server that speaks TLS 1.3 only", trusting(newer)],
  ["maxVersion TLSv1.2", trusting(server, { maxVersion: "TLSv1.2" })],
  ["minVersion TLSv1.3", trusting(server, { minVersion: "TLSv1.3" })],
  ["ALPNProtocols", trusting(server, { ALPNProtocols: ["redis"] })],
  ["tls.path", (Redis) => new Redis(at({ port: 1 }, { ...TRUST, path: socket.path, servername: "localhost" }))],
  ["tls.host and tls.port", (Redis) => new Redis(at({ port: 1 }, { ...TRUST, host: "127.0.0.1", port: server.port }))],
  ["cert and key", mutual(client)],
  ["cert and key as Buffers", mutual({ cert: Buffer.from(client.cert), key: Buffer.from(client.key) })],
  [
    "a key with a passphrase",
    mutual({ cert: client.cert, key: tlsText("client-encrypted.key"), passphrase: PASSPHRASE }),
  ],
]);

matrix("TLS that only Node can speak", [
  ["pfx", mutual({ pfx: readFileSync(tlsPath("client.pfx")), passphrase: PASSPHRASE })],
  [
    "secureContext",
    (Redis) => new Redis(at(strict, { secureContext: tls.createSecureContext({ ...TRUST, ...client }) })),
  ],
  ["ciphers", trusting(older, { ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" })],
  ["ecdhCurve", trusting(server, { ecdhCurve: "P-384:P-256" })],
  ["checkServerIdentity", trusting(otherName, { checkServerIdentity: () => undefined })],
  ["lookup", trusting(server, { lookup: (_host, options, done) => lookedUp(options, done) }, { host: "redis.test" })],
  ["a certificate with a common name only", trusting(onlyCommonName, {}, { host: "localhost", family: 4 })],
  ["a certificate of version 1", trusting(firstVersion, {}, { host: "localhost", family: 4 })],
  ["an authority that serves", trusting(servingAuthority)],
]);

matrix("TLS in a Cluster", [
  ["redisOptions.tls", (Redis) => clusterOf(Redis, TRUST)],
  ["rejectUnauthorized: false", (Redis) => clusterOf(Redis, { rejectUnauthorized: false })],
]);

/** Clients that are refused try again at once, but not for long. */
const hasty = { retryStrategy: () => 1, maxRetriesPerRequest: 2 };
const refused = (to, more, options) => trusting(to, more, { ...hasty, ...options });

/** `refusals` of a server that the client cannot trust, or that does not trust the client. */
const untrusted = (to, cause) => ({ code: "MAX_RETRIES", cause, db: lookers.get(to) });
const ALERT = /^(ERR_SSL_\w*ALERT\w*|ECONNRESET|EPIPE)$/;

refusals("TLS, refused", [
  [
    "an authority that nobody trusts",
    refused(server, { ca: undefined }),
    untrusted(server, /^(UNABLE_TO|SELF_SIGNED)_\w+$/),
  ],
  [
    "another authority",
    refused(server, { ca: tlsText("stranger-ca.crt") }),
    untrusted(server, /^(UNABLE_TO|SELF_SIGNED)_\w+$/),
  ],
  [
    "rediss:// without the authority",
    (Redis) => new Redis(`rediss://127.0.0.1:${server.port}`, hasty),
    untrusted(server, /^(UNABLE_TO|SELF_SIGNED)_\w+$/),
  ],
  [
    "a certificate of its own making",
    refused(selfSigned),
    untrusted(selfSigned, /^(DEPTH_ZERO_)?SELF_SIGNED_CERT$|^UNABLE_TO_\w+$/),
  ],
  ["the certificate of another name", refused(otherName), untrusted(otherName, /^ERR_TLS_CERT_ALTNAME_INVALID$/)],
  [
    "a name that the certificate does not have",
    refused(server, { servername: "elsewhere.test" }),
    untrusted(server, /^ERR_TLS_CERT_ALTNAME_INVALID$/),
  ],
  ["a certificate that has expired", refused(expired), untrusted(expired, /^CERT_HAS_EXPIRED$/)],
  ["a certificate that does not hold yet", refused(notYet), untrusted(notYet, /^CERT_NOT_YET_VALID$/)],
  ["no client certificate", refused(strict), untrusted(strict, ALERT)],
  ["a stranger's client certificate", refused(strict, identity("stranger-client")), untrusted(strict, ALERT)],
  [
    "no version in common",
    refused(older, { minVersion: "TLSv1.3" }),
    untrusted(older, /^(ERR_SSL_\w+|ECONNRESET|EPROTO)$/),
  ],
  [
    "checkServerIdentity says no",
    refused(server, { checkServerIdentity: () => Object.assign(new Error("no"), { code: "NOT_MINE" }) }),
    untrusted(server, /^NOT_MINE$/),
  ],
  [
    "a server without TLS, which keeps silent",
    (Redis) => new Redis(at(plain, TRUST, { ...hasty, connectTimeout: 300 })),
    { code: "MAX_RETRIES", cause: /^ETIMEDOUT$/, db: plain.client() },
  ],
  [
    "a client without TLS",
    (Redis) => new Redis(at(server, undefined, hasty)),
    untrusted(server, /^(ECONNRESET|EPIPE)$/),
  ],
]);

function clusterOf(Redis, given) {
  const places = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  return new Redis.Cluster(places, { keyPrefix: "{hitl}:", redisOptions: { tls: given } });
}

function lookedUp({ all }, done) {
  if (all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
}
