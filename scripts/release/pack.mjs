// `node scripts/release/pack.mjs <addons> <to>`: all packages of a release, out of a folder with the addons of all
// platforms, with checksums and a bill of materials. Ends where a platform is missing, or where a tag names another
// version.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pack, platformOf, platforms, stage } from "../packing.mjs";
import { main, SetupError } from "../run.mjs";
import { billOfMaterials } from "./sbom.mjs";
import { checksumLine, manifest } from "./tarballs.mjs";

const BILL = "sbom.cdx.json";

/** What GitHub says of itself: no address is written down here, and none may be wrong in npm's provenance. */
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;

await main(([from, to]) => {
  if (to === undefined) throw new SetupError("Two folders are needed: that of the addons, and that of the tarballs.");
  const { version } = manifest;
  if (GITHUB_REF_TYPE === "tag" && GITHUB_REF_NAME !== `v${version}`) {
    throw new SetupError(`The tag is ${GITHUB_REF_NAME}, and package.json has ${version}.`);
  }
  const addons = readdirSync(from, { recursive: true })
    .filter((name) => name.endsWith(".node"))
    .map((name) => join(from, name));
  const missing = platforms().filter((platform) => !addons.some((addon) => platformOf(addon) === platform));
  if (missing.length > 0) throw new SetupError(`No addon for ${missing.join(", ")} in ${from}.`);

  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const repository = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  const homes = stage(resolve(to, "stage"), addons, { repository });
  const names = homes.map((home) => basename(pack(home, resolve(to)).tarball));
  rmSync(join(to, "stage"), { recursive: true });

  writeFileSync(join(to, BILL), `${JSON.stringify(billOfMaterials(manifest), null, 2)}\n`);
  const sums = [...names.sort(), BILL].map((name) => checksumLine(join(to, name), name));
  writeFileSync(join(to, "SHA256SUMS"), sums.join(""));
  console.log(`Packed: ${names.length} packages, ${BILL}, SHA256SUMS`);
  return 0;
});
