// Runs other programs for the scripts here, and ends with words where they cannot go on.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Something that the person at the keyboard has to mend: shown without a stack. */
export class SetupError extends Error {}

/** npm is a batch file on Windows. A shell would take the space in the usual path of Node for the end of its name. */
const needsShell = (command) => process.platform === "win32" && command === "npm";

/** Runs a program with our own streams and returns its exit code; 127 where there is no such program. */
export function run(command, args, { env } = {}) {
  const child = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: "inherit",
    shell: needsShell(command),
  });
  if (child.error?.code === "ENOENT") return 127;
  if (child.error) throw child.error;
  return child.status ?? 1;
}

/** Runs a program and returns its exit code, as `run` does, with what it printed on both streams. */
export function listen(command, args, { cwd = root, env } = {}) {
  const child = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: needsShell(command),
  });
  return { status: child.status ?? 127, stdout: child.stdout ?? "", stderr: child.stderr ?? "" };
}

/** What a program prints. Where it fails, ends with `words` and the program's own. */
export function demandOutput(command, args, words, options) {
  const { status, stdout, stderr } = listen(command, args, options);
  if (status !== 0) throw new SetupError(`${words}:\n${stderr}`);
  return stdout;
}

/** The output of a program, or `null` where there is no such program or it fails. */
export function outputOf(command, args) {
  const child = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return child.status === 0 ? child.stdout.trim() : null;
}

/** Runs a script's main function: its number is the exit code, and a `SetupError` is told in its own words. */
export async function main(script) {
  try {
    process.exitCode = await script(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
