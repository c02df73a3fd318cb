// Writes docs/campaign: the summary of what has been seen so far, for people and for programs.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "./summary.mjs";

const distinct = (values) => [...new Set(values)].join(", ");

function page(summary, seed, results) {
  const machines = results.map(({ versions }) => versions);
  const of = (name) => distinct(machines.map((versions) => versions[name]));
  return `# The campaign

Each promise of this package, driven on real servers until it breaks or holds; \`campaign/\` has the trials,
and \`npm run campaign\` runs them. This page is written by \`npm run campaign -- --report\`; nobody types its figures.
\`summary.json\` has the same for programs.

Seed ${seed}, ${results.length} shards, ${of("date")}; Node ${of("node")}, ${of("server")}, ioredis ${of("ioredis5")} on ${of("processor")}
(${of("system")}). Commits: ${of("commit")}. A shard is run again, with the same chances, by
\`npm run campaign -- <trial> --shard=<number> --seed=${seed}\`.

The JavaScript version is our model of 1.1.0 (\`campaign/javascript.mjs\`, written from its protocol) unless the
campaign was given the published package.

${table(summary)}

The bound is the rule of three: no fault in *n* trials says, with 95 % confidence, that fewer than 3 in *n* have one.
`;
}

export function writeReport(summary, { folder, seed, results }) {
  mkdirSync(folder, { recursive: true });
  const data = { seed: Number(seed), versions: results.at(-1)?.versions, trials: summary };
  writeFileSync(join(folder, "summary.json"), `${JSON.stringify(data, null, 1)}\n`);
  writeFileSync(join(folder, "README.md"), page(summary, seed, results));
}
