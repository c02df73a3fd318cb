// Lines that a script has and does not use, or whose absence nobody can tell: each with the reason. The scripts are
// looked at by hand; whatever else survives is a fault of the tests.

/**
 * `path`: how the file's name ends. `scripts`: those that this is about. `texts`: the lines; `from` and `to`: all lines
 * between these two, with them.
 */
const EQUIVALENTS = [
  {
    path: "include/rewrite.lua",
    scripts: ["commit_decision"],
    from: "local reply = pcall('SETRANGE', key, at - 1, tail)",
    to: "return reply",
    reason: "Rust has spliced the whole record: there is no end of it to rewrite",
  },
  {
    path: "include/shape.lua",
    scripts: ["create", "resolve"],
    from: "local function dated(text)",
    to: "at = last(text, RESOLVED, at)",
    reason: "these two scripts look at undecided requests only",
  },
  {
    path: "include/shape.lua",
    scripts: ["create"],
    from: "local function head_of(text)",
    to: "return channel, namespace",
    reason: "create has namespace and channel from its caller",
  },
  {
    path: "include/shape.lua",
    scripts: ["create", "resolve"],
    texts: ["key = sub(text, from, colon - 1),", "value = sub(text, colon + 1, stop),"],
    reason: "these two scripts step over external ids",
  },
  {
    path: "include/shape.lua",
    scripts: ["resolve"],
    texts: ["channel = sub(text, first, stop)"],
    reason: "resolve asks for the namespace only",
  },
  {
    path: "include/shape.lua",
    scripts: ["set_external_id"],
    texts: ["namespace = 'global'"],
    reason: "set_external_id asks for the channel only",
  },
];

/** The reasons for which a line need not be missed. */
export const reasonsFor = ({ script, path, text, number, part }) =>
  EQUIVALENTS.filter((entry) => {
    if (!path.endsWith(entry.path) || !entry.scripts.includes(script.name)) return false;
    if (entry.texts) return entry.texts.includes(text);
    const texts = part
      .toString("latin1")
      .split("\n")
      .map((line) => line.trim());
    const first = texts.indexOf(entry.from) + 1;
    return first > 0 && number >= first && number <= texts.indexOf(entry.to, first) + 1;
  }).map(({ reason }) => reason);
