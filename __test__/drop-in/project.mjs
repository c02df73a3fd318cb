// Projects of users: the packed tarballs installed in an empty folder, and the server compiled there.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { emptyFolder, installed, link, root, tarballs } from "../support/packed.mjs";
import { PROGRAMS } from "./replicas.mjs";

export const exec = promisify(execFile);

/** Compiles a project by its `tsconfig.json`. */
export async function compile(home) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await exec(process.execPath, [tsc, "--project", home]).catch(({ stdout }) => assert.fail(stdout));
}

let installation;

/** A project that has the server, compiled, and the installed package. `main`: the path of its program. */
export async function serverProject(name, { type = "module", ioredis = 5 } = {}) {
  // npm would tidy away what is linked: it installs once, in a folder of its own.
  installation ??= installed("installation", Object.values(tarballs));
  const home = await emptyFolder(name);
  await cp(join(await installation, "node_modules"), join(home, "node_modules"), { recursive: true });
  await writeFile(join(home, "package.json"), JSON.stringify({ name, type, private: true }));
  await link(home, "@types/node", "node_modules/@types/node");
  await link(home, "@hitl-sdk/hitl", "__test__/types/peer");
  await link(home, "ioredis", `node_modules/ioredis${ioredis}`);
  await cp(join(root, "__test__/drop-in/server"), home, { recursive: true });
  await compile(home);
  for (const [file, text] of Object.entries(PROGRAMS)) await writeFile(join(home, file), text);
  return { home, main: join(home, "dist/main.js") };
}
