// A registry on this machine, which has nothing but what is published there: Verdaccio, as registry/package-lock.json
// pins it, in .cache.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SetupError } from "../run.mjs";
import { provideTools } from "../tools.mjs";

const START_LIMIT_MS = 60_000;

const CONFIG = `
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
  "**":
    access: $all
    publish: $authenticated
max_body_size: 100mb
log: { type: stdout, level: warn }
`;

/** The token of a new user, as `npm login` asks for one. */
async function tokenFrom(url) {
  const user = { name: "publisher", password: "on this machine only", type: "user" };
  const request = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(user) };
  for (const limit = Date.now() + START_LIMIT_MS; ; await pause(100)) {
    const answer = await fetch(`${url}-/user/org.couchdb.user:publisher`, request).catch(() => undefined);
    if (answer?.ok) return (await answer.json()).token;
    if (Date.now() > limit) throw new SetupError(`The registry does not answer: ${answer?.status ?? "no connection"}`);
  }
}

/** Starts one on a free port, with its files in `home`: the environment in which npm uses it, and how to stop it. */
export async function startRegistry(home, port) {
  const program = join(provideTools("registry", "scripts/release/registry"), "verdaccio/bin/verdaccio");
  const config = join(home, "verdaccio.yaml");
  writeFileSync(config, CONFIG);
  const child = spawn(process.execPath, [program, "--config", config, "--listen", `127.0.0.1:${port}`], {
    cwd: home,
    stdio: "inherit",
  });
  const stop = () => child.kill();
  try {
    const url = `http://127.0.0.1:${port}/`;
    const userconfig = join(home, "npmrc");
    writeFileSync(userconfig, `registry=${url}\n//127.0.0.1:${port}/:_authToken=${await tokenFrom(url)}\n`);
    return { stop, env: { npm_config_registry: url, npm_config_userconfig: userconfig } };
  } catch (error) {
    stop();
    throw error;
  }
}
