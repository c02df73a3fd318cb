// The page about connections forgets no option: not one of today's, and not one that a later ioredis brings.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { optionNames } from "./support/ioredis-options.mjs";
import { OPTION_TESTS } from "./support/option-tests.mjs";

const { settingsOf } = createRequire(import.meta.url)("../js/settings.js");

const text = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

const WORDS = ["native", "bridge", "not relevant"];

/** The rows of the table, as `[option, word]`; what stands in bold is the title of a section. */
const rows = text("docs/connections.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => {
    const [, names, word] = line.split("|").map((cell) => cell.trim());
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => [name, word]);
  });
const table = new Map(rows);

const names = optionNames();
const options = [...names.client, ...names.tls.map((name) => `tls.${name}`)];

test("the lists of options are those of ioredis and of Node", () => {
  for (const option of ["host", "sentinels", "socketTimeout", "Connector", "scaleReads", "protocol", "tls.ca"]) {
    assert.ok(options.includes(option), option);
  }
  assert.ok(options.length > 110, String(options.length));
});

test("every option of ioredis and of Node's TLS is in the table, once", () => {
  assert.deepEqual(
    options.filter((option) => !table.has(option)),
    [],
  );
  assert.equal(table.size, rows.length, "an option is there twice");
});

test("the table has no option that does not exist", () => {
  const isOption = (name) => /^(tls\.)?[a-z]+$/i.test(name);
  const strange = [...table.keys()].filter((name) => isOption(name) && !options.includes(name));
  assert.deepEqual(strange, []);
});

test("the table says of each what we do with it", () => {
  for (const [option, word] of table) assert.ok(WORDS.includes(word), `${option}: ${word}`);
});

describe("an option that concerns our connection has a test that fails if it is ignored:", () => {
  for (const [option, word] of table) {
    if (word === "not relevant") continue;
    if (word === "bridge" && option.startsWith("tls.")) {
      test(option, () => {
        const settings = settingsOf({ tls: { [option.slice("tls.".length)]: "something" } });
        assert.equal(settings.route, "carried");
      });
    } else {
      test(option, () => {
        assert.ok(Object.hasOwn(OPTION_TESTS, option), "no test is named in support/option-tests.mjs");
        const [path, title] = OPTION_TESTS[option];
        assert.ok(text(path).includes(title), `${path} has no test "${title}"`);
      });
    }
  }
});

test("the list of tests is about the options of the table", () => {
  assert.deepEqual(
    Object.keys(OPTION_TESTS).filter((option) => (table.get(option) ?? "not relevant") === "not relevant"),
    [],
  );
});
