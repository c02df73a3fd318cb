// TLS with sentinels and with the server that they name: two settings, and neither stands in for the other.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IoredisState } from "../index.js";
import { refuses } from "./support/assertions.mjs";
import { request } from "./support/records.mjs";
import { Redis5, Redis6 } from "./support/redis.mjs";
import { ours, withSentinels } from "./support/sentinel.mjs";
import { TRUST, tlsText } from "./support/tls.mjs";

/** The sentinels are their own authority, which is not that of the servers. */
const sentinelTLS = { ca: tlsText("self-signed-leaf.crt") };
const group = await withSentinels({ sentinels: 1, tls: {}, sentinelTls: { certificate: "self-signed-leaf" } });
const [primary] = group.servers;

const forms = {
  natively: {},
  "through the bridge, for a function in natMap": { natMap: () => undefined },
};

for (const [library, Library] of Object.entries({ "ioredis 5": Redis5, "ioredis 6": Redis6 })) {
  for (const [form, more] of Object.entries(forms)) {
    describe(`${library}, ${form}`, () => {
      const both = { sentinelTLS, tls: TRUST, enableTLSForSentinelMode: true };
      const impatient = { sentinelRetryStrategy: null, retryStrategy: null, maxRetriesPerRequest: 0 };
      const clientOf = (options) => group.client({ ...both, ...more, ...options }, Library);
      const refused = (options) => new IoredisState(clientOf({ ...impatient, lazyConnect: true, ...options })).get("a");

      test("sentinelTLS, and tls with enableTLSForSentinelMode", async () => {
        const client = clientOf({});
        const made = request();
        await new IoredisState(client).create(made);
        assert.equal((await client.keys(`*:${made.id}`)).length, 1);
        assert.ok((await ours(group, primary)).length > 0);
        client.disconnect();
      });

      test("sentinelTLS: without it, or with an authority that is not theirs, the sentinels tell nothing", async () => {
        await refuses(refused({ sentinelTLS: undefined }), "SENTINELS_UNREACHABLE");
        await refuses(refused({ sentinelTLS: TRUST }), "SENTINELS_UNREACHABLE");
        await refuses(refused({ sentinelTLS: true }), "SENTINELS_UNREACHABLE");
      });

      test("tls: without enableTLSForSentinelMode, or with an authority that is not the server's, the server is not reached", async () => {
        await refuses(refused({ enableTLSForSentinelMode: false }), /CONNECTION_CLOSED|MAX_RETRIES/);
        await refuses(refused({ tls: sentinelTLS }), /CONNECTION_CLOSED|MAX_RETRIES/);
        await refuses(refused({ tls: undefined }), /CONNECTION_CLOSED|MAX_RETRIES/);
      });
    });
  }
}
