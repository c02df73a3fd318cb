// Figures as people read them.

/** Two digits that count, or a whole number. */
export function rounded(figure) {
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString("en");
  return String(Number(figure.toPrecision(2)));
}

/** A ratio: two digits behind the point, one where it is large. */
export const ratio = (figure) => figure.toFixed(figure >= 10 ? 1 : 2);

/** A time of so many µs. */
export function time(micros) {
  return micros >= 10_000 ? `${rounded(micros / 1000)} ms` : `${rounded(micros)} µs`;
}

/** The machine and the versions, in one line. */
export function headline({
  date,
  processor,
  memory,
  system,
  server,
  node,
  commit,
  addon,
  rounds,
  minutes,
  ...versions
}) {
  const libraries = Object.entries(versions).map(
    ([name, version]) => `${name.replace(/^ioredis\d$/, "ioredis")} ${version}`,
  );
  const own = `this package ${commit} (addon ${addon})`;
  const run = `${rounds} rounds, ${minutes} minutes`;
  return [date, processor, memory, system, `Node ${node}`, server, ...libraries, own, run].join(" · ");
}
