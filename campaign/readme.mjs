// Writes the README's part about the campaign: what the JavaScript version does in the same trials, and this one.

import { wordTable, writePart } from "../benchmark/markdown.mjs";
import { faultsOf, number } from "./summary.mjs";

/** Trials of what a reader knows from their own server, in the words of this part. */
const SHOWN = {
  A3: "external ids are set, and a create is retried, beside a decision",
  A4: "eight plugins set their external ids at once",
  A5: "four replicas create for one resume token at once",
  A1b: "eight connections decide at once, and the server refuses scripts",
  B7: "the server takes no writes: out of memory, read-only, no replicas, disk full",
  C2: "the connection is cut at any byte of a call or its reply",
  B3: "the server's append-only file ends at any byte",
  D1: "a migration is killed at any point",
  D2: "eight replicas start at once on an old store",
  E1: "replicas of both versions decide on the same requests",
};

/** The most frequent fault of the other side. */
function worstOf({ faults, done }, unit) {
  const [[kind, times]] = Object.entries(faults).toSorted(([, one], [, other]) => other - one);
  return `${kind}: ${number(times)} in ${number(done)} ${unit}`;
}

function ours(native, unit) {
  const times = faultsOf(native);
  return `${times === 0 ? "none" : `**${number(times)}**`} in ${number(native.done)} ${unit}`;
}

/** Writes the part into the file. */
export function writeReadme(summary, file) {
  const rows = summary
    .filter(({ id, native, javascript }) => id in SHOWN && native && faultsOf(javascript) > 0)
    .map(({ id, unit, native, javascript }) => [SHOWN[id], worstOf(javascript, unit), ours(native, unit)]);
  writePart(file, "campaign", [...wordTable(["", "JavaScript version", "this version"], rows), ""]);
}
