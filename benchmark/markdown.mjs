// Tables and pictures in Markdown, and parts of pages that programs write.

import { readFileSync, writeFileSync } from "node:fs";
import { posix, relative } from "node:path";

const row = (texts) => `| ${texts.join(" | ")} |`;

/** The lines of a table of words. */
export const wordTable = (head, rows) => [head, head.map(() => "---"), ...rows].map(row);

/** The lines of a table, whose columns hold figures but for the first one. */
export const table = (head, rows) => [row(head), row(head.map((_, n) => (n === 0 ? "---" : "---:"))), ...rows.map(row)];

/** What stands folded away under a title; nothing where there is nothing. */
export const folded = (title, lines) =>
  lines.length === 0 ? [] : [`<details><summary>${title}</summary>`, "", ...lines, "</details>", ""];

/** The lines of a picture, for a page in the folder `here`. */
export function picture(chart, { here, folder, name }) {
  const path = posix.join(relative(here, folder).replaceAll("\\", "/"), `${name}-${chart}.svg`);
  return [`![${chart}](${path})`, ""];
}

/** Replaces what stands in a file between the two markers of this name. */
export function writePart(file, name, lines) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const page = readFileSync(file, "utf8");
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${file} lacks ${begin} and ${end}`);
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n\n${lines.join("\n")}\n${page.slice(to)}`);
}
