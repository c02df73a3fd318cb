// TLS: what the caller's client asks for holds for our connection, and the data are where the client reads them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses, sound } from "./support/assertions.mjs";
import { violations } from "./support/invariants.mjs";
import { keysOf } from "./support/layout.mjs";
import { request, unique } from "./support/records.mjs";
import { freePort, Redis5, Redis6, withRedis } from "./support/redis.mjs";
import { withTerminator } from "./support/terminator.mjs";
import { identity, PASSPHRASE, TRUST, tlsPath, tlsText } from "./support/tls.mjs";

const server = await withRedis({ tls: {} });
const db = server.client({ path: server.socket });
/** Lets in only who shows a certificate. */
const strict = await withRedis({ tls: { clients: "yes" } });
const strictDb = strict.client({ path: strict.socket });
const plain = await withRedis();

/** Writes through our connection; the client, and whoever looks into the server, find it. */
async function serves(client, look = db) {
  const tableName = unique("tls").replace("-", "_");
  const state = new IoredisState(client, { tableName });
  const written = request();
  await state.create(written);
  assert.equal((await state.get(written.id)).id, written.id);
  sound(await violations(look, tableName));
  for (const reader of [client, look]) {
    assert.equal(await reader.exists(keysOf(tableName).request(written.id)), 1, "the record is where they read");
  }
  return state;
}

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  describe(library, () => {
    const clientOf = (tls, options = {}) => server.client({ tls, ...options }, Library);

    for (const [kind, ca] of Object.entries({
      "a string": TRUST.ca,
      "a Buffer": Buffer.from(TRUST.ca),
      "a bundle, with text between": `# A stranger\n${tlsText("stranger-ca.crt")}\n# Ours\n${TRUST.ca}`,
      "an array": [tlsText("stranger-ca.crt"), Buffer.from(TRUST.ca)],
    })) {
      test(`ca: ${kind}`, () => serves(clientOf({ ca })));
    }

    test("rediss:// in a URL, with the rest of tls beside it", async () => {
      const url = `rediss://127.0.0.1:${server.port}/0?connectionName=${unique("url")}`;
      await serves(server.adopt(new Library(url, { tls: TRUST })));
    });

    test("host is a name, or an address that the certificate has", async () => {
      await serves(clientOf(TRUST, { host: "localhost", family: 4 }));
      await serves(clientOf(TRUST, { host: "127.0.0.1" }));
    });

    test("tls.host and tls.port replace those beside it", async () => {
      await serves(clientOf({ ...TRUST, host: "127.0.0.1", port: server.port }, { host: "nowhere.test", port: 1 }));
    });

    describe("the client's certificate", () => {
      const options = { ...TRUST, ...identity("client") };
      for (const [kind, tls] of Object.entries({
        texts: options,
        Buffers: { ...options, cert: Buffer.from(options.cert), key: Buffer.from(options.key) },
        "arrays of one": { ...options, cert: [options.cert], key: [options.key] },
        "both in one text": { ...options, cert: options.cert + options.key, key: options.cert + options.key },
        "a key with a passphrase": { ...options, key: tlsText("client-encrypted.key"), passphrase: PASSPHRASE },
        "a key with its passphrase beside it": {
          ...options,
          key: [{ pem: tlsText("client-encrypted.key"), passphrase: PASSPHRASE }],
        },
      })) {
        test(kind, () => serves(strict.client({ tls }, Library), strictDb));
      }

      test("is sent along with the authorities that the server does not have", async () => {
        const terminator = await withTerminator(plain, {
          ...identity("server"),
          ...TRUST,
          requestCert: true,
          rejectUnauthorized: true,
        });
        const tls = { ca: [TRUST.ca, tlsText("between.crt")], ...identity("below-between") };
        await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
        assert.equal(terminator.ours.at(-1).client, "localhost");
      });
    });

    test("servername is told to the server, and is the name that its certificate must have", async () => {
      const terminator = await withTerminator(plain, identity("other-name"));
      const tls = { ...TRUST, servername: "elsewhere.test" };
      await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
      assert.equal(terminator.ours.at(-1).servername, "elsewhere.test");
    });

    test("without servername the server is told none, as with Node", async () => {
      const terminator = await withTerminator(plain, identity("server"));
      const options = { port: terminator.port, host: "localhost", family: 4, tls: TRUST };
      await serves(plain.client(options, Library), plain.client());
      assert.equal(terminator.ours.at(-1).servername, false);
    });

    for (const certificate of ["expired", "other-name", "self-signed", "self-signed-leaf", "below-between"]) {
      test(`rejectUnauthorized: false takes a server that is ${certificate}, and still tells it the name`, async () => {
        const terminator = await withTerminator(plain, identity(certificate));
        const tls = { rejectUnauthorized: false, servername: "tenant.test" };
        await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
        assert.equal(terminator.ours.at(-1).servername, "tenant.test");
        assert.equal(terminator.attempts, 2, "one connection for the client and one for us");
      });
    }

    for (const certificate of ["self-signed", "self-signed-leaf"]) {
      test(`a server with a certificate of its own making (${certificate}) that is the ca`, async () => {
        const terminator = await withTerminator(plain, identity(certificate));
        const tls = { ca: tlsText(`${certificate}.crt`) };
        await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
        assert.equal(terminator.attempts, 2, "one connection for the client and one for us");
      });
    }

    test("a chain with an authority in between", async () => {
      const chain = { ...identity("below-between"), cert: tlsText("below-between-chain.crt") };
      const terminator = await withTerminator(plain, chain);
      await serves(plain.client({ port: terminator.port, tls: TRUST }, Library), plain.client());
    });

    test("an authority in between that the server leaves out, and ca has", async () => {
      const terminator = await withTerminator(plain, identity("below-between"));
      const tls = { ca: [tlsText("between.crt"), TRUST.ca] };
      await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
      assert.equal(terminator.attempts, 2, "one connection for the client and one for us");
    });

    for (const version of ["TLSv1.2", "TLSv1.3"]) {
      test(`a server that speaks ${version} only`, async () => {
        const only = await withRedis({ tls: { protocols: version } });
        await serves(only.client({ tls: TRUST }, Library), only.client({ path: only.socket }));
      });

      test(`minVersion and maxVersion: ${version}`, async () => {
        const terminator = await withTerminator(plain, identity("server"));
        const tls = { ...TRUST, minVersion: version, maxVersion: version };
        await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
        assert.equal(terminator.ours.at(-1).version, version);
      });
    }

    for (const [kind, ALPNProtocols] of Object.entries({
      "a list": ["unknown", "redis"],
      bytes: Buffer.from("\x07unknown\x05redis"),
    })) {
      test(`ALPNProtocols: ${kind}`, async () => {
        const terminator = await withTerminator(plain, { ...identity("server"), ALPNProtocols: ["redis", "h2"] });
        const tls = { ...TRUST, ALPNProtocols };
        await serves(plain.client({ port: terminator.port, tls }, Library), plain.client());
        assert.equal(terminator.ours.at(-1).alpn, "redis");
      });
    }

    test("a Unix socket", async () => {
      const terminator = await withTerminator(plain, identity("server"), { unix: true });
      const client = plain.adopt(new Library({ path: terminator.path, tls: TRUST }));
      await serves(client, plain.client());
      assert.equal(terminator.ours.length, 1);
    });

    test("a record of 10 MB goes and comes back whole", async () => {
      const state = new IoredisState(clientOf(TRUST), { tableName: unique("large").replace("-", "_") });
      const large = request({ message: "ö".repeat(5 * 1024 * 1024) });
      await state.create(large);
      assert.ok((await state.get(large.id)).message === large.message, "it is another text");
    });

    test("a connection that is killed is opened again, and the next calls go over it", async () => {
      const connectionName = unique("killed");
      const client = clientOf(TRUST, { connectionName });
      const state = await serves(client);
      const lines = (await db.client("LIST")).split("\n");
      const line = lines.find((text) => text.includes(` name=${connectionName}:hitl `));
      await db.client("KILL", "ID", /id=(\d+)/.exec(line)[1]);
      const written = request();
      await Promise.all([state.create(written), state.count({ status: "pending", namespace: "global" })]);
      assert.equal((await state.get(written.id)).id, written.id);
    });

    test("ca and the server's certificate are changed while the client lives", async () => {
      const rotating = await withRedis({ tls: {} });
      const look = rotating.client({ path: rotating.socket });
      const client = rotating.client({ tls: { ...TRUST } }, Library);
      const state = await serves(client, look);
      await look.config("SET", "tls-cert-file", tlsPath("self-signed.crt"), "tls-key-file", tlsPath("self-signed.key"));
      client.options.tls.ca = tlsText("self-signed.crt");
      await look.client("KILL", "TYPE", "normal");
      await state.count({ status: "pending", namespace: "global" });
      await serves(client, look);
    });

    test("the client's certificate is changed while the client lives", async () => {
      const tls = { ...TRUST, ...identity("stranger-client") };
      const client = strict.client({ tls, maxRetriesPerRequest: 0, retryStrategy: () => 20 }, Library);
      await refuses(new IoredisState(client).get("a"), "MAX_RETRIES");
      Object.assign(client.options.tls, identity("client"));
      client.options.maxRetriesPerRequest = null;
      await serves(client, strictDb);
    });

    test("connectTimeout covers TLS: a server that takes the connection and says nothing", async () => {
      const silent = createServer((socket) => socket.on("error", () => {}).resume());
      silent.listen(await freePort(), "127.0.0.1");
      await once(silent, "listening");
      try {
        const options = { port: silent.address().port, connectTimeout: 100, maxRetriesPerRequest: 0 };
        const error = await refuses(new IoredisState(clientOf(TRUST, options)).get("a"), "MAX_RETRIES");
        assert.equal(error.cause.code, "ETIMEDOUT");
      } finally {
        silent.close();
      }
    });
  });
}
