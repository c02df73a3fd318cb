// Tables and pictures in Markdown.

import { posix, relative } from "node:path";

const row = (texts) => `| ${texts.join(" | ")} |`;

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
