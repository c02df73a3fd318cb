// A URL means to us what it means to ioredis, or is refused; what is refused is not repeated.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { IoredisState } from "../index.js";
import { Own } from "../js/own.js";
import { optionsOfUrl } from "../js/url.js";
import { Redis5, Redis6 } from "./support/redis.mjs";

/** What ioredis takes for options that mean nothing to a connection that only sends commands. */
const NOT_OURS = [
  ...["autoResubscribe", "lazyConnect", "stringNumbers", "protocol", "replyMapping", "failoverDetector"],
  ...["enableAutoPipelining", "autoPipeliningIgnoredCommands", "blockingTimeoutGrace"],
];

/** What there is to compare: values that are there, other than functions. */
const values = (options) =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => value !== undefined && typeof value !== "function" && !NOT_OURS.includes(name),
    ),
  );

const ours = (url) => new Own(optionsOfUrl(url)).options;

const SAME = [
  "redis://",
  "redis://localhost",
  "redis://127.0.0.1:6380",
  "redis://Example.COM:6380/3",
  "redis://user:p%40ss@h:6380/3?family=6&keyPrefix=abc&connectTimeout=5000&enableReadyCheck=false",
  "redis://:pw@h",
  "redis://user@h",
  "redis://us%3Aer:p%2Fw%25%20%C3%BC@h",
  "redis://h/2?db=5",
  "redis://h?db=5",
  "redis://h/?db=5",
  "redis://h/3/4",
  "redis:///4",
  "redis://h?port=6390&host=x&username=u&password=p",
  "redis://h:6380?port=1&host=x",
  "redis://u:p@h?username=x&password=y",
  "redis://[::1]:6380/1",
  "redis://h?path=/tmp/r.sock&db=1",
  "redis://h?family=x",
  "redis://h?db=3&db=4",
  "redis://h?maxRetriesPerRequest=3&commandTimeout=5&keepAlive=7&noDelay=&readOnly=1",
  "redis://h?connectionName=a%20b+c&clientInfoTag=x",
  "redis://h?constructor=2&hasOwnProperty=3",
  "redis://h/1#fragment",
  "rediss://h:6380",
  "rediss://u:p@h/2?servername=x",
  "6380",
  "h3:6381",
  "myhost",
  "h?db=3",
  "user:pw@h:7",
  "//h:6381/2",
  "//:pw@h",
  "/tmp/r.sock",
  "/tmp/r.sock?db=2&password=p%26w&keyPrefix=x:",
  "/tmp/a b%20c.sock?path=/other",
];

for (const [version, Library] of [
  [5, Redis5],
  [6, Redis6],
]) {
  describe(`as ioredis ${version} reads it`, () => {
    for (const url of SAME) {
      test(url, () => {
        const { keepAlive: theirKeepAlive, ...theirs } = values(new Library(url, { lazyConnect: true }).options);
        const { keepAlive, ...found } = values(ours(url));
        assert.deepEqual(found, theirs);
        // The default is that of version 6.
        if (version === 6 || url.includes("keepAlive")) assert.equal(keepAlive, theirKeepAlive);
      });
    }
  });
}

test("what is left out has the defaults of ioredis 6", () => {
  const options = ours("redis://");
  const theirs = new Redis6({ lazyConnect: true }).options;
  assert.deepEqual(values(options), values(theirs));
  for (let attempt = 1; attempt <= 12; attempt++) {
    const least = Math.min(50 * 2 ** (attempt - 1), 5000);
    for (const { retryStrategy } of [options, theirs]) {
      const delay = retryStrategy(attempt);
      assert.ok(delay >= least && delay < least + 200, `${delay} at attempt ${attempt}`);
    }
  }
});

describe("a Unix socket's URL, which ioredis reads by luck", () => {
  for (const [url, expected] of [
    ["unix:///tmp/r.sock", { path: "/tmp/r.sock" }],
    ["unix:///tmp/r.sock?db=2", { path: "/tmp/r.sock", db: "2" }],
    ["UNIX:///tmp/a%20b.sock?path=/x", { path: "/tmp/a b.sock" }],
    ["unix://us%40er:p%3Aw@/tmp/r.sock", { path: "/tmp/r.sock", username: "us@er", password: "p:w" }],
    ["unix://:pw@/tmp/r.sock?db=1", { path: "/tmp/r.sock", username: "", password: "pw", db: "1" }],
    ["unix://user@/tmp/r.sock", { path: "/tmp/r.sock", username: "user", password: "" }],
  ]) {
    test(url, () => assert.deepEqual(optionsOfUrl(url), expected));
  }
});

test("a text for tls is the name of a profile, as with ioredis, and of one that does not exist means TLS as usual", () => {
  for (const url of ["redis://h?tls=false", "rediss://h?tls=false"]) {
    assert.deepEqual(ours(url).tls, { profile: "false" });
    assert.equal(new Redis6(url, { lazyConnect: true }).options.tls, "false");
  }
  assert.throws(() => new IoredisState("rediss://h?tls=RedisCloudFixed"), /"tls" must be what Node takes/);
});

test("REDISS:// is TLS: ioredis would send the password in the clear", () => {
  assert.equal(optionsOfUrl("REDISS://h").tls, true);
});

describe("refused, with what to write instead", () => {
  const CANARIES = ["canary", "cánary"];

  for (const [url, message] of [
    ["", /is empty: write redis:/],
    ["  \n", /is empty: write redis:/],
    ["http://user-canary:pass-canary@h", /not one of a Redis server: write redis:/],
    ["canary://h", /not one of a Redis server: write redis:/],
    ["redis+sentinel://u:pass-canary@h/canary", /not one of a Redis server: write redis:/],
    ["redis://u:pass-canary@h:99999", /cannot be read: write redis:/],
    ["redis://u:pass-canary@h:port-canary", /cannot be read: write redis:/],
    ["redis://u:pass-canary@a:1,b:2", /cannot be read: write redis:/],
    ["redis://u:pass-canary@h h", /cannot be read: write redis:/],
    ["u:pass-canary:x@h:y", /cannot be read: write redis:/],
    ["70000", /"port" must be a number from 1 to 65535/],
    ["0", /"port" must be/],
    ["redis://h:0", /"port" must be/],
    ["redis://h?port=canary", /"port" must be/],
    ["redis://u:pass-canary@h/db-canary", /"db" must be the number of a database/],
    ["redis://u:pass-canary@h//3", /"db" must be/],
    ["redis://h/-1", /"db" must be/],
    ["redis://u%zz:pass-canary@h", /"%" that encodes nothing: write %25/],
    ["h/3?password=pass-canary", /without a scheme ends with the port: write redis:/],
    ["unix://canary", /names no socket: write unix:\/\/\//],
    ["unix://u:pass-canary@", /names no socket: write unix:\/\/\//],
    ["redis://h?url=redis://:pass-canary@x", /"url" is none of them/],
  ]) {
    test(JSON.stringify(url), () => {
      assert.throws(
        () => new IoredisState(url),
        (error) => {
          const text = inspect(error, { depth: 12, showHidden: true }).replaceAll(/own-url\.test\.mjs.*/g, "");
          return (
            error instanceof TypeError &&
            error.code === "INVALID_ARGUMENT" &&
            message.test(error.message) &&
            error.cause === undefined &&
            CANARIES.every((canary) => !text.includes(canary))
          );
        },
      );
    });
  }
});
