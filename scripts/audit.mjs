// `npm run audit`: whether what we link, and what we build and test with, keeps to the committed policy. For Rust that
// is deny.toml; for npm: no known vulnerability, of whatever severity, in anything that package-lock.json names, and
// no package whose registry signature is wrong.
//
//   npm run audit               exit code 0: all holds; 1: something does not; 75: something could not be asked
//   npm run audit -- --strict   what could not be asked counts as broken
//
// Advisories live at hosts of their own, which a closed network does not reach. What was not asked is never told as
// fine: it is named, and has an exit code of its own.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { provideCargoDeny } from "./cargo-deny.mjs";
import { listen, main, root, run } from "./run.mjs";

const NOT_CHECKED = 75;

const cache = join(root, ".cache/audit");

/** npm without patience for a host that this network does not reach, and with words also below `npm run --silent`. */
const npm = (...args) => listen("npm", [...args, "--fetch-retries=0", "--loglevel=error"]);

const holds = { verdict: "holds" };
const broken = (words) => ({ verdict: "broken", words });
const notChecked = (words) => ({ verdict: "not checked", words });

/** The first line of an output that says what went wrong, without the time in front of it. */
const reasonIn = (text) =>
  /^.*(?:ERROR\]|error:|npm error network|npm warn audit) ?(.*)$/m.exec(text)?.[1] ?? "no reason given";

function policyOfCrates(deny) {
  return run(deny, ["check", "licenses", "bans", "sources"]) === 0
    ? holds
    : broken("the words of cargo-deny are above");
}

function advisoriesOfCrates(deny) {
  const { status, stderr } = listen(deny, ["check", "advisories"]);
  if (status === 0) return holds;
  return /failed to (fetch|load) advisory database/.test(stderr) ? notChecked(reasonIn(stderr)) : broken(stderr);
}

/**
 * cargo-deny asks for yanked versions together with advisories, and refuses to go on without a database of these. So it
 * gets one here with a single advisory about a crate that does not exist, and only the index of crates.io has a say.
 */
function yankedCrates(deny) {
  const index = listen("cargo", ["update", "--dry-run"]);
  if (index.status !== 0) return notChecked(reasonIn(index.stderr));

  rmSync(cache, { recursive: true, force: true });
  const database = join(cache, "no-advisories");
  mkdirSync(join(database, "crates/no-such-crate"), { recursive: true });
  const advisory = ["[advisory]", 'id = "RUSTSEC-2000-0001"', 'package = "no-such-crate"', 'date = "2000-01-01"'];
  const text = ["```toml", ...advisory, "[versions]", "patched = []", "```", "", "# Nothing", "", "Nothing.", ""];
  writeFileSync(join(database, "crates/no-such-crate/RUSTSEC-2000-0001.md"), text.join("\n"));
  const author = ["-c", "user.name=audit", "-c", "user.email=audit@localhost", "-c", "commit.gpgsign=false"];
  for (const args of [
    ["init", "--quiet", "-b", "main"],
    ["add", "."],
    [...author, "commit", "--quiet", "-m", "nothing"],
  ]) {
    const { status, stderr } = listen("git", ["-C", database, ...args]);
    if (status !== 0) return notChecked(`git: ${stderr.trim()}`);
  }

  const address = "https://no-advisories.invalid/database";
  const config = join(cache, "deny.toml");
  const places = `db-path = ${JSON.stringify(join(cache, "databases"))}\ndb-urls = ["${address}"]\ngit-fetch-with-cli = true`;
  writeFileSync(config, readFileSync(join(root, "deny.toml"), "utf8").replace(/^db-urls = .*$/m, places));
  const env = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: `url.${database}.insteadOf`, GIT_CONFIG_VALUE_0: address };
  const { status, stderr } = listen(deny, ["--config", config, "check", "advisories"], { env });
  return status === 0 ? holds : broken(stderr);
}

function vulnerabilitiesOfPackages() {
  const { stdout } = npm("audit", "--json");
  const { metadata, vulnerabilities, message } = JSON.parse(stdout || "{}");
  if (metadata === undefined) return notChecked(message ?? "npm audit gave no report");
  if (metadata.vulnerabilities.total === 0) return holds;
  const lines = Object.values(vulnerabilities).map(({ name, severity, range }) => `${severity}: ${name} ${range}`);
  return broken(lines.join("\n"));
}

function signaturesOfPackages() {
  const { status, stdout, stderr } = npm("audit", "signatures");
  if (/verified registry signature/.test(stdout) && status === 0) return holds;
  if (/(invalid|missing) registry signature|invalid attestation/.test(stdout)) return broken(stdout);
  return notChecked(reasonIn(stderr));
}

await main((args) => {
  const deny = provideCargoDeny();
  const results = [
    ["crates: licences, bans, sources, build scripts", policyOfCrates(deny)],
    ["crates: yanked versions", yankedCrates(deny)],
    ["crates: advisories of RustSec", advisoriesOfCrates(deny)],
    ["npm: known vulnerabilities", vulnerabilitiesOfPackages()],
    ["npm: registry signatures", signaturesOfPackages()],
  ];
  console.log();
  for (const [name, { verdict, words }] of results) console.log(`${verdict}: ${name}${words ? `: ${words}` : ""}`);
  const verdicts = new Set(results.map(([, { verdict }]) => verdict));
  if (verdicts.has("broken")) return 1;
  if (!verdicts.has("not checked")) return 0;
  return args.includes("--strict") ? 1 : NOT_CHECKED;
});
