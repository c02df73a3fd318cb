// `npm run lint:package`: whether the packages, as they will be published, hold together: publint looks at each, and
// attw (Are the types wrong?) at what TypeScript makes of the root package in each way to resolve it.

import { join } from "node:path";
import { pack, stage } from "./packing.mjs";
import { listen, main, root, SetupError } from "./run.mjs";
import { addonPath, provideDependencies } from "./setup.mjs";
import { provideTools } from "./tools.mjs";

const packages = join(root, ".cache/packages-to-lint");

/** Shows what a linter says, unless it has nothing to say. */
function isClean(linter, args, contented) {
  const { status, stdout, stderr } = listen(process.execPath, [linter, ...args]);
  const clean = status === 0 && contented.test(stdout);
  if (!clean) console.log(stdout + stderr);
  return clean;
}

await main(() => {
  provideDependencies();
  const addon = addonPath();
  if (addon === undefined) throw new SetupError("There is no addon to pack yet: npm run build makes one.");
  const linters = provideTools("linters", "scripts/linters");
  const folders = stage(join(packages, "stage"), [addon]);
  const tarballs = folders.map((folder) => pack(folder, packages).tarball);
  const verdicts = tarballs.map((tarball) =>
    isClean(join(linters, "publint/src/cli.js"), ["run", tarball, "--strict"], /All good!/),
  );
  verdicts.push(isClean(join(linters, "@arethetypeswrong/cli/dist/index.js"), [tarballs.at(-1)], /No problems found/));
  if (verdicts.includes(false)) return 1;
  console.log(`Clean: ${tarballs.length} packages`);
  return 0;
});
