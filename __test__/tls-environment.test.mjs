// How Node was started counts for TLS: whom it trusts, which versions it speaks, and whether it checks at all.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withRedis } from "./support/redis.mjs";
import { withTerminator } from "./support/terminator.mjs";
import { identity, tlsPath } from "./support/tls.mjs";

const PROGRAM = fileURLToPath(new URL("fixtures/tls-program.mjs", import.meta.url));
const OURS = tlsPath("ca.crt");

const server = await withRedis({ tls: {} });
const old = await withRedis({ tls: { protocols: "TLSv1.2" } });

/** How a client of this library, and a store on it, fared in a Node that was started like this. */
async function fared(library, options, { flags = [], env = {} } = {}) {
  const args = [...flags, PROGRAM, library, JSON.stringify({ port: server.port, host: "127.0.0.1", ...options })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env.PATH, ...env } });
  return JSON.parse(stdout);
}

const SERVED = { theirs: "PONG", ours: null };
const both = (code) => ({ theirs: code, ours: code });

for (const library of ["Redis5", "Redis6"]) {
  describe(library, () => {
    test("NODE_EXTRA_CA_CERTS: whom it names is trusted, besides those of Node", async () => {
      assert.deepEqual(await fared(library, { tls: true }, { env: { NODE_EXTRA_CA_CERTS: OURS } }), SERVED);
      assert.deepEqual(await fared(library, { tls: {} }), both("SELF_SIGNED_CERT_IN_CHAIN"));
    });

    test("NODE_EXTRA_CA_CERTS does not count where ca is given", async () => {
      const options = { tls: { ca: identity("self-signed").cert } };
      const env = { NODE_EXTRA_CA_CERTS: OURS };
      assert.deepEqual(await fared(library, options, { env }), both("SELF_SIGNED_CERT_IN_CHAIN"));
    });

    test("NODE_TLS_REJECT_UNAUTHORIZED=0 counts unless rejectUnauthorized is given, be it as undefined", async () => {
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
      assert.deepEqual(await fared(library, { tls: {} }, { env }), SERVED);
      for (const rejectUnauthorized of [true, null]) {
        const options = { tls: { rejectUnauthorized } };
        assert.deepEqual(await fared(library, options, { env }), both("SELF_SIGNED_CERT_IN_CHAIN"));
      }
    });

    test("NODE_TLS_REJECT_UNAUTHORIZED that is not 0 changes nothing", async () => {
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: "false" };
      assert.deepEqual(await fared(library, { tls: {} }, { env }), both("SELF_SIGNED_CERT_IN_CHAIN"));
    });

    test("--tls-min-v1.3 and --tls-max-v1.2", async () => {
      const tls = { rejectUnauthorized: false };
      const newest = await fared(library, { port: old.port, tls }, { flags: ["--tls-min-v1.3"] });
      assert.deepEqual(newest, both("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"));
      const terminator = await withTerminator(old, identity("server"));
      const options = { port: terminator.port, tls };
      assert.deepEqual(await fared(library, options, { flags: ["--tls-max-v1.2"] }), SERVED);
      assert.equal(terminator.ours[0].version, "TLSv1.2");
    });

    test("--tls-cipher-list", async () => {
      const terminator = await withTerminator(old, { ...identity("server"), maxVersion: "TLSv1.2" });
      const options = { port: terminator.port, tls: { rejectUnauthorized: false } };
      const flags = ["--tls-cipher-list=ECDHE-ECDSA-AES128-SHA"];
      assert.deepEqual(await fared(library, options, { flags }), SERVED);
      assert.equal(terminator.ours[0].cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA");
    });

    test("--use-openssl-ca: those whom OpenSSL trusts, and nobody else", async () => {
      const flags = ["--use-openssl-ca"];
      assert.deepEqual(await fared(library, { tls: {} }, { flags, env: { SSL_CERT_FILE: OURS } }), SERVED);
      const env = { SSL_CERT_FILE: tlsPath("stranger-ca.crt"), SSL_CERT_DIR: "/nowhere" };
      assert.deepEqual(await fared(library, { tls: {} }, { flags, env }), both("SELF_SIGNED_CERT_IN_CHAIN"));
    });
  });
}

describe("without ioredis", () => {
  test("a store of its own trusts whom Node trusts, and takes the same options", async () => {
    assert.deepEqual(await fared("none", { tls: true }, { env: { NODE_EXTRA_CA_CERTS: OURS } }), { ours: null });
    assert.deepEqual(await fared("none", { tls: true }), { ours: "SELF_SIGNED_CERT_IN_CHAIN" });
    assert.deepEqual(await fared("none", { tls: { rejectUnauthorized: false } }), { ours: null });
  });
});
