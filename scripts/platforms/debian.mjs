// Debian's packages without Debian's package database: apt gets a state of its own, and dpkg only unpacks. Nothing is
// installed, no right of root is needed, and what is fetched is what Debian's keys have signed. Its archive keeps only
// the latest build of each package, so versions are those of the day; `versionOf` tells them.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demandOutput, outputOf, SetupError } from "../run.mjs";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Which packages were unpacked into a folder, one file name a line. */
const CONTENTS = ".debian-packages";

function requireDebian() {
  const missing = ["apt-get", "dpkg"].filter((name) => outputOf(name, ["--version"]) === null);
  if (!existsSync(KEYRING)) missing.push(KEYRING);
  if (missing.length === 0) return;
  throw new SetupError(
    `Missing: ${missing.join(", ")}.\nCompilers and systems for other platforms come from Debian's packages, which are ` +
      "only unpacked, not installed.\nOn Ubuntu: sudo apt-get install debian-archive-keyring. Elsewhere: a container of Debian.",
  );
}

function configure(home, suite, architectures) {
  for (const name of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(home, name), { recursive: true });
  const signed = `[signed-by=${KEYRING} arch=${architectures.join(",")}]`;
  const sources = [
    `deb ${signed} http://deb.debian.org/debian ${suite} main`,
    `deb ${signed} http://deb.debian.org/debian-security ${suite}-security main`,
  ];
  const settings = [
    `Dir::State "${home}/state";`,
    `Dir::State::status "${home}/status";`,
    `Dir::Cache "${home}/cache";`,
    `Dir::Etc::sourcelist "${home}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    `APT::Architecture "${architectures[0]}";`,
    `APT::Architectures {${architectures.map((name) => `"${name}";`).join("")}};`,
    // The unprivileged user of apt's downloads cannot enter our folders.
    'APT::Sandbox::User "root";',
    // A mirror may be some weeks behind; what it has is signed all the same.
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
  ];
  writeFileSync(join(home, "status"), "");
  writeFileSync(join(home, "sources.list"), `${sources.join("\n")}\n`);
  writeFileSync(join(home, "apt.conf"), `${settings.join("\n")}\n`);
}

/**
 * Unpacks packages, and what they depend on, into a folder.
 *
 * @param {string} folder
 * @param {{ suite: string, architectures: string[], packages: string[], keep?: RegExp }} wanted
 *   the first of the `architectures` is that of packages without one in their names; `keep` is matched with
 *   `name:architecture` and leaves out the other dependencies
 */
export function unpackDebian(folder, { suite, architectures, packages, keep = /./ }) {
  requireDebian();
  const home = mkdtempSync(join(tmpdir(), "hitl-apt-"));
  const place = { env: { APT_CONFIG: join(home, "apt.conf") }, cwd: join(home, "cache") };
  const apt = (...args) => demandOutput("apt-get", ["-qq", ...args], `apt-get ${args.join(" ")} failed`, place);
  try {
    configure(home, suite, architectures);
    apt("update");
    const uris = apt("install", "--no-install-recommends", "--print-uris", ...packages);
    const names = [...uris.matchAll(/^'\S+' ([^_]+)_\S+_(\w+)\.deb /gm)].map(([, name, cpu]) => `${name}:${cpu}`);
    apt("download", ...names.filter((name) => keep.test(name)).map((name) => name.replace(/:all$/, "")));
    const files = readdirSync(join(home, "cache")).filter((name) => name.endsWith(".deb"));
    for (const file of files) {
      demandOutput("dpkg", ["-x", join(home, "cache", file), folder], `${file} does not unpack`);
    }
    writeFileSync(join(folder, CONTENTS), `${files.map(decodeURIComponent).sort().join("\n")}\n`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The upstream version of a package that was unpacked into a folder: `2.31` of `libc6_2.31-13+deb11u14_amd64.deb`. */
export function versionOf(folder, name) {
  const contents = readFileSync(join(folder, CONTENTS), "utf8");
  return contents
    .split("\n")
    .find((file) => file.startsWith(`${name}_`))
    ?.split("_")[1]
    .replace(/^\d+:|[-~+].*$/g, "");
}
