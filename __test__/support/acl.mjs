// The permissions that docs/operations.md publishes, read from there, and the whole suite under them: with
// HITL_ACL=least every server that tests start has a user with exactly these, every connection that the state opens
// without credentials logs in as that user (support/least-privilege.mjs), and no server may have refused it anything by
// its end. The tests' own clients stay what they are.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");

/** The rules of the published command, without user, password and keys. */
export const RULES = published().filter((word) => /^[+-]/.test(word));

/** What the page adds for servers from 7.2 on, which older ones do not know. */
const NEWER_RULES = ["+client|setinfo"];

/** Whether the suite runs under these permissions. */
export const LEAST = process.env.HITL_ACL === "least";

/** Why a test of missing credentials is skipped then. */
export const HAS_CREDENTIALS = LEAST && "the state has credentials here";

/** The user of the state's connections then. */
export const LEAST_USER = { username: "published", password: "published-password" };

/** Reads what the server refused, and nothing else. */
const AUDITOR = { username: "auditor", password: "auditor-password" };

/** The words of the command that the page tells administrators to type. */
function published() {
  const [, command] = /^```sh\nredis-cli (ACL SETUSER [\s\S]*?)\n```$/m.exec(page);
  return command.replace(/\\\n/g, " ").replaceAll("'", "").trim().split(/\s+/);
}

/** The published command as a whole, with these keys. */
export function publishedUser({ username, password, keys }) {
  const words = published().slice(2);
  const own = { hitl: username, ">password": `>${password}`, "~hitl:human_requests:*": keys };
  return words.map((word) => own[word] ?? word);
}

/** The rules that this server's version knows. */
export function rulesFor(server) {
  const [, name, major, minor] = /^(Redis|Valkey) server v=(\d+)\.(\d+)/i.exec(
    execFileSync(server, ["--version"], { encoding: "utf8" }),
  );
  const isNewer = name === "Valkey" || Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 2);
  return isNewer ? [...RULES, ...NEWER_RULES] : RULES;
}

/** Arguments of a server that give it both users, or none where the suite runs as usual. Tests have tables of their own. */
export function aclArgs(server) {
  if (!LEAST) return [];
  const user = ({ username, password }, ...rules) => ["--user", username, "on", `>${password}`, ...rules];
  return [...user(LEAST_USER, "~*", ...rulesFor(server)), ...user(AUDITOR, "-@all", "+acl|log")];
}

/** What the server at this place, options of ioredis, has refused to the state, in words. */
export async function refusalsAt(place) {
  // Here, because programs are tested that load no ioredis.
  const { Redis: Redis5 } = await import("ioredis5");
  const options = { ...AUDITOR, ...place, enableReadyCheck: false, lazyConnect: true, retryStrategy: () => null };
  const auditor = new Redis5({ ...options, disableClientInfo: true, connectTimeout: 5000, maxRetriesPerRequest: 0 });
  auditor.on("error", () => {});
  try {
    const entries = await auditor.call("ACL", "LOG", 128);
    const fields = (entry) => Object.fromEntries(entry.map((name, at) => [name, entry[at + 1]]));
    return entries
      .map(fields)
      .filter(({ username }) => username === LEAST_USER.username)
      .map(({ count, reason, context, object }) => `${count} × ${reason} ${object} (${context})`);
  } finally {
    auditor.disconnect();
  }
}
