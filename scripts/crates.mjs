// The crates that are linked into the addons, as Cargo.lock has them: not those that only the compiler, or a test, uses.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { demandOutput, root } from "./run.mjs";

/** The triples of Rust that there are packages for. */
export const targets = () => JSON.parse(readFileSync(join(root, "package.json"), "utf8")).napi.targets;

const isMacro = (crate) => crate.targets.some(({ kind }) => kind.includes("proc-macro"));

function linkedFor(target) {
  const args = ["metadata", "--format-version=1", "--locked", "--filter-platform", target];
  const { packages, resolve } = JSON.parse(demandOutput("cargo", args, `cargo metadata failed for ${target}`));
  const crateOf = new Map(packages.map((crate) => [crate.id, crate]));
  const nodeOf = new Map(resolve.nodes.map((node) => [node.id, node]));

  const linked = new Set([resolve.root]);
  for (const id of linked) {
    for (const { pkg, dep_kinds } of nodeOf.get(id).deps) {
      if (!isMacro(crateOf.get(pkg)) && dep_kinds.some(({ kind }) => kind === null)) linked.add(pkg);
    }
  }
  linked.delete(resolve.root);
  return [...linked].map((id) => crateOf.get(id));
}

/** All of them by name and version: what `cargo metadata` says of each, with the targets that it is linked in for. */
export function linkedCrates() {
  const found = new Map();
  for (const target of targets()) {
    for (const crate of linkedFor(target)) {
      const { linkedIn } = found.get(crate.id) ?? { linkedIn: [] };
      found.set(crate.id, { crate, linkedIn: [...linkedIn, target] });
    }
  }
  const title = ({ crate }) => `${crate.name} ${crate.version}`;
  return [...found.values()].sort((one, other) => (title(one) < title(other) ? -1 : 1));
}
