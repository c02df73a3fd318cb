// The pages tell the truth: examples run, commands work, links lead somewhere, and every error code is explained.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize, posix } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { ALL, anchorsOf, blocksOf, linksOf, pageOf, quotedIn, root, USERS } from "./support/documents.mjs";
import { withRedis } from "./support/redis.mjs";

const exec = promisify(execFile);
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const server = await withRedis();
const db = server.client();
const folder = await mkdtemp(join(tmpdir(), "hitl-documents-"));
after(() => rm(folder, { recursive: true, force: true }));

/** Run by a test of its own, which looks at what it does. */
const RUN_ELSEWHERE = { "docs/watching.md": "watching-example.test.mjs" };

/** What an example takes from the program around it, by name. */
const AROUND = {
  Redis: 'import { Redis } from "./around.mjs";',
  IoredisState: 'import { IoredisState } from "@hitl-sdk/state-ioredis";',
  redis: 'import { redis } from "./around.mjs";',
  state: 'import { state } from "./around.mjs";',
  handler: 'import { handler } from "./around.mjs";',
  iamToken: 'const iamToken = async () => "a-token";',
  resolver: "const resolver = {};",
  host: 'const host = "redis.example";',
  nodes: 'const nodes = [{ host: "redis.example" }];',
  key: 'const key = "a-key";',
  password: 'const password = "a-password";',
  sentinelPassword: 'const sentinelPassword = "a-password";',
};

/** Clients of the recipes are made as they stand there and connect to nobody; the others are those of a real server. */
const AROUND_MODULE = `
  import { IoredisState } from "@hitl-sdk/state-ioredis";
  import Client from "ioredis";

  const lazy = (options) => ({ ...options, lazyConnect: true });

  export class Redis extends Client {
    constructor(...args) {
      super(...args.filter((arg) => typeof arg !== "object"), lazy(args.find((arg) => typeof arg === "object")));
      new IoredisState(this);
    }
    static Cluster = class extends Client.Cluster {
      constructor(nodes, options) {
        super(nodes, lazy(options));
        new IoredisState(this);
      }
    };
  }

  export const redis = new Client(process.env.REDIS_URL);
  export const state = new IoredisState(redis);
  export const handler = () => state.resolve("nobody", { type: "TIMED_OUT", id: "nobody", externalRef: "wf:1" });
`;

const HITL = "export class Hitl { constructor({ state }) { if (!state) throw new Error('no state'); } }";

/** What closes what an example has opened, whatever names it used. */
const AFTERWARDS = `
  import { redis as around$ } from "./around.mjs";
  around$.disconnect();
  if (typeof redis !== "undefined") redis.disconnect();
`;

function around(text) {
  const isFree = (name) =>
    new RegExp(`(?<![.\\w"'/-])${name}\\b(?!:)`).test(text) &&
    !new RegExp(`(const|let|class) (\\{[^}]*\\b)?${name}\\b|import [^;]*\\b${name}\\b[^;]* from`).test(text);
  return Object.entries(AROUND)
    .filter(([name]) => isFree(name))
    .map(([, line]) => line)
    .join("\n");
}

async function project() {
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "@hitl-sdk/hitl"), { recursive: true });
  await symlink(root, join(modules, "@hitl-sdk/state-ioredis"), "dir");
  await symlink(join(root, "node_modules/ioredis"), join(modules, "ioredis"), "dir");
  await writeFile(join(modules, "@hitl-sdk/hitl/package.json"), JSON.stringify({ type: "module", main: "index.js" }));
  await writeFile(join(modules, "@hitl-sdk/hitl/index.js"), HITL);
  await writeFile(join(folder, "around.mjs"), AROUND_MODULE);
}

await project();

const examples = USERS.filter((path) => !RUN_ELSEWHERE[path]).flatMap(blocksOf);
const inLanguage = (language) => examples.filter((block) => block.language === language);

async function runs(name, text) {
  const file = join(folder, name);
  await writeFile(file, `${around(text)}\n${text}\n${AFTERWARDS}`);
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${server.port}` };
  const { stderr } = await exec(process.execPath, [file], { cwd: folder, env, timeout: 30_000 });
  assert.equal(stderr, "");
}

describe("an example runs as it stands there:", () => {
  for (const { path, line, text } of inLanguage("js")) {
    if (text.includes("createServer")) continue;
    test(`${path}:${line}`, () => runs(`${path.replaceAll(/\W/g, "-")}-${line}.mjs`, text));
  }
});

test("the server of the README answers 503 where a call rejects, and lives", async () => {
  const [{ text }] = inLanguage("js").filter((block) => block.text.includes("createServer"));
  assert.ok(text.endsWith(".listen(3000);"));
  const checked = `
    import assert from "node:assert/strict";
    import { once } from "node:events";
    const server$ = ${text.slice(text.indexOf("createServer(async")).replace("3000", "0")}
    await once(server$, "listening");
    for (let call = 1; call <= 2; call++) {
      const { status } = await fetch(\`http://127.0.0.1:\${server$.address().port}\`);
      assert.equal(status, 503);
    }
    server$.close();
    server$.closeAllConnections();`;
  const quiet = "console.error = (code) => assert.equal(code, 'UNKNOWN_REQUEST');";
  await runs(
    "server.mjs",
    `${text.slice(0, text.indexOf("\n"))}\n${checked.replace("const server$", `${quiet}\nconst server$`)}`,
  );
});

/** What a shell makes of a command: its words. Nothing is run but the shell itself. */
async function wordsOf(command) {
  const { stdout } = await exec("sh", ["-c", `printf '%s\\n' ${command}`]);
  return stdout.trimEnd().split("\n");
}

describe("a command for the shell is taken by what it is for:", () => {
  for (const { path, line, text } of inLanguage("sh")) {
    test(`${path}:${line}`, async () => {
      const [name, ...words] = await wordsOf(text);
      if (name === "redis-cli") {
        await db.call(...words);
        return;
      }
      const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
      assert.deepEqual([name, ...words], ["npm", "install", `@hitl-sdk/state-ioredis@${version.split(".")[0]}`]);
    });
  }
});

test("pages with other kinds of blocks, or with examples that nobody runs, do not exist", () => {
  assert.deepEqual([...new Set(examples.map(({ language }) => language))].sort(), ["js", "sh"]);
  for (const [path, file] of Object.entries(RUN_ELSEWHERE)) {
    assert.equal(blocksOf(path).length, 1, path);
    assert.ok(readFileSync(join(root, "__test__", file), "utf8").includes(path));
  }
});

test("every link leads to a page, and to a heading on it", () => {
  const broken = ALL.flatMap((path) =>
    linksOf(path)
      .filter((target) => {
        const [file, anchor] = target.split("#");
        const there = file === "" ? path : posix.join(dirname(path), file);
        if (!existsSync(join(root, there))) return true;
        return anchor !== undefined && !anchorsOf(there).includes(anchor);
      })
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("every command that a page names exists, and CONTRIBUTING names them all", () => {
  const named = (path) =>
    quotedIn(path).flatMap((text) => [
      ...(/^npm (?:run )?(?!run|install|ci|pack)([\w:-]+)/.exec(text)?.slice(1) ?? []),
    ]);
  const strange = ALL.flatMap((path) =>
    named(path)
      .filter((name) => !(name in scripts))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(strange, []);
  const told = new Set(named("CONTRIBUTING.md"));
  assert.deepEqual(
    Object.keys(scripts).filter((name) => !told.has(name)),
    [],
  );
});

test("every file that a page names exists", () => {
  const isPath = (text) =>
    /^(__test__|js|src|docs|tests|fuzz|campaign|benchmark|scripts|demo|npm)\/[\w./-]+\.\w+$/.test(text);
  const missing = ALL.flatMap((path) =>
    quotedIn(path).filter((text) => isPath(text) && !existsSync(join(root, normalize(text)))),
  );
  assert.deepEqual(missing, []);
});

test("every code of an error is explained", () => {
  const codes = new Set();
  for (const file of [
    "src/error/mod.rs",
    "js/errors.js",
    "js/opening.js",
    "js/records.js",
    "js/native.js",
    "js/no-addon.js",
  ]) {
    for (const [, code] of readFileSync(join(root, file), "utf8").matchAll(
      /"([A-Z]+_[A-Z_]+|OFFLINE|CONTENDED|INTERNAL)"/g,
    ))
      codes.add(code);
  }
  assert.ok(codes.size >= 20, [...codes].join(" "));
  // Where a caller meets them: as errors, or in what is published.
  const explained = pageOf("README.md").split("## Errors")[1] + pageOf("docs/watching.md");
  const unexplained = [...codes].filter((code) => !explained.includes(`\`${code}\``));
  assert.deepEqual(unexplained, []);
});

test("the demo tells its story to the end", async () => {
  const env = { ...process.env };
  delete env.REDIS_URL;
  const { stdout } = await exec(process.execPath, [join(root, "demo/main.mjs")], { env, timeout: 120_000 });
  assert.match(stdout, /The keys that are left/);
});
