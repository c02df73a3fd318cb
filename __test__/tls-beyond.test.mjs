// TLS that rustls cannot judge or say: Node's own does it, by the client's connector, and verifies as much.

import assert from "node:assert/strict";
import { constants } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import tls from "node:tls";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { request, unique } from "./support/records.mjs";
import { Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { withTerminator } from "./support/terminator.mjs";
import { identity, PASSPHRASE, TRUST, tlsPath, tlsText } from "./support/tls.mjs";

const { tlsOf } = createRequire(import.meta.url)("../js/tls.js");

const redis = await withRedis();
const look = redis.client();

/** Certificates that OpenSSL takes and rustls does not, or the other way round. */
const ODD = {
  "no alternative names": identity("cn-only"),
  "X.509 version 1": identity("version-1"),
  "an authority's": identity("serving-ca"),
};

/** Options that are beyond us, and by what a server that knows the client's authority sees that they were honoured. */
const FOREIGN = {
  pfx: {
    given: { pfx: readFileSync(tlsPath("client.pfx")), passphrase: PASSPHRASE },
    seen: { client: "Hitl test client" },
  },
  secureContext: {
    given: { secureContext: tls.createSecureContext({ ...TRUST, ...identity("client") }) },
    seen: { client: "Hitl test client" },
  },
  "two certificates": {
    given: {
      cert: [identity("server").cert, identity("client").cert],
      key: [identity("client").key],
    },
    seen: { client: "Hitl test client" },
  },
  ciphers: {
    given: { ciphers: "ECDHE-ECDSA-AES128-SHA", maxVersion: "TLSv1.2" },
    seen: { cipher: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
  },
  sigalgs: { given: { sigalgs: "ecdsa_secp256r1_sha256" }, seen: { sigalgs: "ECDSA+SHA256" } },
  secureProtocol: { given: { secureProtocol: "TLSv1_2_method" }, seen: { version: "TLSv1.2" } },
  secureOptions: { given: { secureOptions: constants.SSL_OP_NO_TLSv1_3 }, seen: { version: "TLSv1.2" } },
  checkServerIdentity: { given: { checkServerIdentity: () => undefined, servername: "elsewhere.test" }, seen: {} },
  lookup: {
    given: {
      host: "nowhere.test",
      servername: "localhost",
      lookup: (_host, { all }, done) =>
        all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
    },
    seen: { servername: "localhost" },
  },
  ecdhCurve: { given: { ecdhCurve: "P-384" }, seen: {} },
  "an option that may come one day": { given: { inventedLater: true }, seen: {} },
  "another form of a certificate": {
    given: {
      ca: TRUST.ca
        .replaceAll("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE")
        .replaceAll("END CERTIFICATE", "END X509 CERTIFICATE"),
    },
    seen: {},
  },
};

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    const clientOf = ({ port }, tls) =>
      redis.client(
        {
          port,
          tls: { ...TRUST, ...tls },
          host: "localhost",
          family: 4,
          maxRetriesPerRequest: 0,
          retryStrategy: () => 20,
        },
        Library,
      );

    async function serves(client) {
      const tableName = unique("beyond").replace("-", "_");
      const state = new IoredisState(client, { tableName });
      const written = request();
      await state.create(written);
      assert.equal(await look.exists(`${tableName}:req:${written.id}`), 1);
    }

    for (const [kind, certificate] of Object.entries(ODD)) {
      test(`the server's certificate: ${kind}`, async () => {
        const terminator = await withTerminator(redis, certificate);
        await serves(clientOf(terminator));
        assert.equal(terminator.attempts, 3, "the client, rustls, and Node for us");
      });

      test(`the server's certificate: ${kind}, and for another name`, async () => {
        const terminator = await withTerminator(redis, certificate);
        const client = clientOf(terminator, { servername: "elsewhere.test" });
        const error = await refuses(new IoredisState(client).get("a"), "MAX_RETRIES");
        assert.equal(error.cause.code, "ERR_TLS_CERT_ALTNAME_INVALID");
        assert.equal(terminator.ours.length, 0);
      });

      test(`the server's certificate: ${kind}, and by nobody whom the client trusts`, async () => {
        const terminator = await withTerminator(redis, certificate);
        const client = clientOf(terminator, { ca: tlsText("stranger-ca.crt") });
        const error = await refuses(new IoredisState(client).get("a"), "MAX_RETRIES");
        assert.equal(error.cause.code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
        assert.equal(terminator.ours.length, 0);
      });
    }

    test("a server whose ciphers rustls does not have", async () => {
      const options = { ...identity("server"), ciphers: "ECDHE-ECDSA-AES128-SHA256", maxVersion: "TLSv1.2" };
      await serves(clientOf(await withTerminator(redis, options)));
    });

    for (const [option, { given, seen }] of Object.entries(FOREIGN)) {
      test(`option: ${option}`, async () => {
        assert.equal(tlsOf({ tls: { ...TRUST, ...given } }), undefined, "it is said natively");
        const options = { ...identity("server"), ...TRUST, requestCert: true, rejectUnauthorized: false };
        const terminator = await withTerminator(redis, options);
        await serves(clientOf(terminator, given));
        const [ours] = terminator.ours;
        for (const [name, value] of Object.entries(seen)) assert.deepEqual([ours[name]].flat(), [value]);
        assert.equal(terminator.attempts, 2, "rustls has tried as well");
      });
    }

    test("ecdhCurve: a server that has another one only is refused", async () => {
      const terminator = await withTerminator(redis, { ...identity("server"), ecdhCurve: "P-256" });
      const client = clientOf(terminator, { ecdhCurve: "P-384" });
      const error = await refuses(new IoredisState(client).get("a"), "MAX_RETRIES");
      assert.equal(error.cause.code, "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE");
    });

    test("versions that only OpenSSL speaks", () => {
      const old = { ...TRUST, minVersion: "TLSv1", maxVersion: "TLSv1.1" };
      assert.equal(tlsOf({ tls: old }), undefined);
    });
  });
}
