// The pages of this project, as their readers meet them: commands, examples, links.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const inFolder = (folder) =>
  readdirSync(`${root}${folder}`, { recursive: true })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);

/** What a user of the package reads. */
export const USERS = ["README.md", ...inFolder("docs")];

/** All that is written for people, but for generated READMEs of platforms. */
export const ALL = [
  ...USERS,
  ...["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmark/README.md"],
];

export const pageOf = (path) => readFileSync(`${root}${path}`, "utf8");

/** Fenced blocks of a page: language, text, and the line where the text begins. */
export function blocksOf(path) {
  const blocks = [];
  let open = null;
  for (const [n, line] of pageOf(path).split("\n").entries()) {
    const fence = /^( *)```(\w*)$/.exec(line);
    if (fence && open) {
      blocks.push({ ...open, text: open.lines.join("\n") });
      open = null;
    } else if (fence) {
      open = { path, language: fence[2], line: n + 2, indent: fence[1].length, lines: [] };
    } else open?.lines.push(line.slice(open.indent));
  }
  return blocks;
}

/** A page without its fenced blocks. */
const proseOf = (path) => pageOf(path).replaceAll(/^( *)```\w*\n.*?^\1```$/gms, "");

/** Words in backticks. */
export const quotedIn = (path) => [...proseOf(path).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);

/** Where the links and pictures of a page lead, but for other sites. */
export function linksOf(path) {
  const targets = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets.filter((target) => !/^https?:/.test(target));
}

/** The anchors that GitHub and npm give to the headings of a page. */
export function anchorsOf(path) {
  const headings = [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
