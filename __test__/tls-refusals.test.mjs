// TLS that must not come about: the caller's client refuses, and so does our connection, for the same reason.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { withTerminator } from "./support/terminator.mjs";
import { identity, TRUST, tlsText } from "./support/tls.mjs";

const server = await withRedis({ tls: {} });
const strict = await withRedis({ tls: { clients: "yes" } });
const strict12 = await withRedis({ tls: { clients: "yes", protocols: "TLSv1.2" } });
const plain = await withRedis();

/** A port behind which a server has this certificate and sends no other. */
const shows = async (certificate) => (await withTerminator(plain, identity(certificate))).port;

/** What is told about a peer that has gone away: it may come before its reason. */
const GONE = /^(ECONNRESET|EPIPE)$/;

/** Asks the caller's client, then ours. Returns the code and the error with which they were refused. */
async function refusals(Library, port, tls, options = {}) {
  const client = server.client({ port, tls, maxRetriesPerRequest: 0, retryStrategy: () => 50, ...options }, Library);
  const heard = new Promise((resolve) => client.on("error", resolve));
  await assert.rejects(client.ping(), /max retries/);
  const theirs = (await heard).code;
  const error = await refuses(new IoredisState(client).get("a"), "MAX_RETRIES");
  client.disconnect();
  return { theirs, ours: error.cause };
}

const CASES = [
  ["an authority that nobody trusts, sent along", () => server.port, { ca: tlsText("stranger-ca.crt") }],
  ["an authority that nobody trusts, not sent along", () => shows("server"), { ca: tlsText("stranger-ca.crt") }],
  ["an authority in between that nobody has", () => shows("below-between"), TRUST],
  ["only the authority in between is trusted", () => shows("below-between"), { ca: tlsText("between.crt") }],
  [
    "the certificate itself is the ca, and is not its own authority",
    () => shows("server"),
    { ca: identity("server").cert },
  ],
  ["no ca: those of Node do not have ours", () => server.port, true],
  ["an empty list of authorities", () => server.port, { ca: [] }],
  ["a ca that holds no certificate", () => server.port, { ca: "nothing" }],
  ["a certificate of the server's own making", () => shows("self-signed"), TRUST],
  ["a leaf of the server's own making", () => shows("self-signed-leaf"), TRUST],
  ["a certificate for another name", () => shows("other-name"), TRUST, { host: "localhost", family: 4 }],
  ["a certificate for names, and a server without one", () => shows("other-name"), TRUST],
  ["a servername that the certificate does not have", () => server.port, { ...TRUST, servername: "elsewhere.test" }],
  [
    "a certificate of its own making for another name",
    () => shows("self-signed"),
    {
      ca: tlsText("self-signed.crt"),
      servername: "elsewhere.test",
    },
  ],
  ["an expired certificate", () => shows("expired"), TRUST],
  ["an authority that has expired", () => shows("below-expired"), { ca: tlsText("expired-ca.crt") }],
  ["a certificate that does not hold yet", () => shows("not-yet"), TRUST],
  ["no certificate of the client (TLS 1.2)", () => strict12.port, TRUST],
  ["no certificate of the client (TLS 1.3)", () => strict.port, TRUST],
  [
    "a client that the server does not know (TLS 1.2)",
    () => strict12.port,
    { ...TRUST, ...identity("stranger-client") },
  ],
  ["a client that the server does not know (TLS 1.3)", () => strict.port, { ...TRUST, ...identity("stranger-client") }],
  ["versions that the server does not speak", () => strict12.port, { ...TRUST, minVersion: "TLSv1.3" }],
  ["a server that does not speak TLS, and waits for more", () => plain.port, TRUST, { connectTimeout: 300 }],
];

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    for (const [kind, port, tls, options] of CASES) {
      test(kind, async () => {
        const { theirs, ours } = await refusals(Library, await port(), tls, options);
        // With TLS 1.3 the client may hear that the server has gone before it hears why.
        if (!GONE.test(theirs) && !GONE.test(ours.code)) assert.equal(ours.code, theirs, ours.message);
      });
    }

    test("a certificate with the key of another one", async () => {
      const tls = { ...TRUST, ...identity("client"), key: identity("server").key };
      const client = strict.client({ tls, maxRetriesPerRequest: 0 }, Library);
      const [theirs, ours] = await Promise.allSettled([client.ping(), new IoredisState(client).get("a")]);
      assert.equal(theirs.reason.code, "ERR_OSSL_X509_KEY_VALUES_MISMATCH");
      assert.equal(ours.reason.cause.code, "ERR_OSSL_X509_KEY_VALUES_MISMATCH");
    });
  });
}
