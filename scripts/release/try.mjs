// `node scripts/release/try.mjs <tarballs>`: installs the root package and this platform's into an empty project, and
// makes an approval there.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { demandOutput, main, SetupError } from "../run.mjs";
import { tarballsIn } from "./tarballs.mjs";
import { tryOut } from "./trial.mjs";

const LIBC = process.platform === "linux" && (process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl");

const fits = ({ os, cpu, libc }) =>
  os === undefined ||
  (os.includes(process.platform) && cpu.includes(process.arch) && (libc === undefined || libc.includes(LIBC)));

await main(([folder]) => {
  const chosen = tarballsIn(resolve(folder)).filter(fits);
  if (chosen.length !== 2) throw new SetupError(`No package for this platform in ${folder}.`);
  const home = mkdtempSync(join(tmpdir(), "hitl-try-"));
  try {
    writeFileSync(join(home, "package.json"), JSON.stringify({ name: "server", version: "1.0.0", private: true }));
    const args = ["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error"];
    const paths = chosen.map(({ path }) => path);
    demandOutput("npm", [...args, ...paths], "npm could not install the packages", { cwd: home });
    tryOut(home);
    return 0;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
