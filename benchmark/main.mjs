// `npm run bench`: this package against the JavaScript version and others, on one private Redis.
//
//   npm run bench                         all that benchmark/README.md shows, in less than 20 minutes; writes
//                                         benchmark/results/table.json and its charts
//   npm run bench -- --report             draws charts, and writes benchmark/README.md and the README's part about speed,
//                                         from benchmark/results/table.json
//   npm run bench -- --full               every number in flight, size of records and delay: an hour or more. Goes on
//                                         where it was cut off; writes full.json
//   npm run bench -- create resolve       the operations whose names contain one of the words
//   npm run bench -- --scale --memory     these parts only, of --grid, --scale, --migration, --start and --memory
//   npm run bench -- --rounds=9           more rounds
//   npm run bench -- --baseline=<module>  the published package, or another with its surface, as a further side
//   npm run bench -- --short              a minute that shows that all works; its figures are worth nothing
//
// `--out=<folder>`, `--page=<file>` and `--readme=<file>` say where results, page and the README's part go.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { main, root } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";

const flag = { type: "boolean", default: false };

const PARTS = ["grid", "scale", "migration", "start", "memory"];

const OPTIONS = {
  ...{ full: flag, short: flag, report: flag },
  ...Object.fromEntries(PARTS.map((part) => [part, flag])),
  rounds: { type: "string" },
  baseline: { type: "string" },
  out: { type: "string", default: fileURLToPath(new URL("results/", import.meta.url)) },
  page: { type: "string", default: fileURLToPath(new URL("README.md", import.meta.url)) },
  readme: { type: "string", default: join(root, "README.md") },
};

/** What the arguments choose: the parts, and the name of the results. */
function choiceOf({ values, positionals: words }) {
  const named = PARTS.filter((part) => values[part]);
  const isPartial = named.length > 0 || words.length > 0;
  const parts = isPartial ? (named.length > 0 ? named : ["grid"]) : PARTS;
  const whole = values.full ? "full" : "table";
  return { parts, name: values.short ? "short" : isPartial ? "partial" : whole };
}

await main(async (args) => {
  const given = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const { values, positionals: words } = given;
  const { parts, name } = choiceOf(given);

  const { read, write } = await import("./results.mjs");
  const { draw } = await import("./charts.mjs");
  if (values.report) {
    const { writePage } = await import("./page.mjs");
    const { writeReadme } = await import("./readme.mjs");
    const results = read(values.out, name);
    draw(results, values.out, name);
    writePage(results, { file: values.page, folder: values.out, name });
    writeReadme(results, { file: values.readme, folder: values.out, name });
    return 0;
  }

  setup();
  const { measureAll } = await import("./comparison.mjs");
  const { planOf } = await import("./plan.mjs");
  const { print } = await import("./print.mjs");
  const plan = planOf({ ...values, rounds: values.rounds && Number(values.rounds), words });
  const results = await measureAll({
    ...{ plan, parts, module: values.baseline },
    mode: { full: values.full, short: values.short },
    journalPath: values.full ? join(values.out, `${name}.jsonl`) : null,
  });
  write(results, values.out, name);
  draw(results, values.out, name);
  print(results);
  return 0;
});
