// A bill of materials in the form of CycloneDX 1.6: what is linked into the addons, each crate with the checksum by which
// Cargo.lock pins it. The packages have no npm dependencies besides each other.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { linkedCrates } from "../crates.mjs";
import { root } from "../run.mjs";

/** The SHA-256 of each crate's archive, by name and version. */
function checksums() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const entries = lock.matchAll(/^name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"$/gm);
  return new Map([...entries].map(([, name, version, sum]) => [`${name} ${version}`, sum]));
}

function componentOf({ crate, linkedIn }, sums) {
  const { name, version, license } = crate;
  const purl = `pkg:cargo/${name}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    // Older manifests have a slash where SPDX has a word.
    licenses: [{ expression: license.replaceAll("/", " OR ") }],
    hashes: [{ alg: "SHA-256", content: sums.get(`${name} ${version}`) }],
    properties: linkedIn.map((target) => ({ name: "rust:target", value: target })),
  };
}

/** The bill for the packages of this version. The same sources give the same text. */
export function billOfMaterials({ name, version, license, description }) {
  const [group, title] = name.split("/");
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const sums = checksums();
  const components = linkedCrates().map((entry) => componentOf(entry, sums));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "library",
        "bom-ref": purl,
        ...{ group, name: title, version, description, purl, licenses: [{ license: { id: license } }] },
      },
    },
    components,
    dependencies: [{ ref: purl, dependsOn: components.map((component) => component["bom-ref"]) }],
  };
}
