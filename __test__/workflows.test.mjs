// The workflows of GitHub cannot be run here, but all that they run can: each step is a command of the repository. That
// these work, `npm run release:rehearse` and the other commands show themselves.

import assert from "node:assert/strict";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { platforms } from "../scripts/packing.mjs";
import { billOfMaterials } from "../scripts/release/sbom.mjs";
import { manifest } from "../scripts/release/tarballs.mjs";
import { root } from "../scripts/run.mjs";

const folder = join(root, ".github/workflows");
const files = await readdir(folder);
const workflows = await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), "utf8")]));

test("every action is pinned to a commit, and says which version that is", () => {
  const pins = new Map();
  for (const [file, text] of workflows) {
    const used = [...text.matchAll(/\buses: (.*)$/gm)].map(([, action]) => action);
    assert.ok(used.length > 0);
    for (const action of used) {
      const [, name, commit] = /^([\w-]+\/[\w-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/.exec(action) ?? [];
      assert.ok(commit, `${file}: ${action}`);
      assert.equal(pins.get(name) ?? commit, commit, `${name} in two versions`);
      pins.set(name, commit);
    }
  }
});

test("no job has a right that it does not name, nor all the time of the world", () => {
  for (const [file, text] of workflows) {
    assert.match(text, /^permissions: \{\}$/m, file);
    const jobs = text
      .slice(text.indexOf("\njobs:"))
      .split(/^ {2}(?=[\w-]+:$)/m)
      .slice(1);
    for (const job of jobs) {
      const [name] = job.split(":");
      assert.match(job, /^ {4}permissions:\n {6}\w/m, `${file}: ${name}`);
      assert.match(job, /^ {4}timeout-minutes: \d+$/m, `${file}: ${name}`);
      assert.doesNotMatch(job, /secrets\./, `${file}: ${name}`);
    }
  }
});

test("every command is one of the repository's", async () => {
  for (const [file, text] of workflows) {
    for (const [, name] of text.matchAll(/\bnpm run ([\w:-]+)/g))
      assert.ok(name in manifest.scripts, `${file}: ${name}`);
    for (const [, path] of text.matchAll(/\bnode (scripts\/\S+)/g)) await access(join(root, path));
  }
});

test("a release builds every platform", () => {
  const [, release] = workflows.find(([file]) => file === "release.yml");
  const [, linux] = /npm run prebuild -- (.*)$/m.exec(release);
  const native = [...release.matchAll(/\{ platform: ([\w-]+),/g)].map(([, platform]) => platform);
  assert.deepEqual([...linux.split(" "), ...native].sort(), platforms());
});

test("the bill of materials has every crate of the notices, with its checksum", async () => {
  const { components } = billOfMaterials(manifest);
  const notices = await readFile(join(root, "LICENSE-THIRD-PARTY.md"), "utf8");
  const noticed = [...notices.matchAll(/^\| (\S+) \| (\d\S*) \|/gm)].map(([, name, version]) => `${name} ${version}`);
  assert.deepEqual(
    components.map(({ name, version }) => `${name} ${version}`),
    noticed,
  );
  for (const { name, hashes, licenses } of components) {
    assert.match(hashes[0].content, /^[0-9a-f]{64}$/, name);
    assert.match(licenses[0].expression, /^[\w.-]+( (OR|AND) [\w.-]+)*$/, name);
  }
});
