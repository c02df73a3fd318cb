// Figures as people read them.

/** Three digits that count, or a whole number. */
export function rounded(figure) {
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString("en");
  return String(Number(figure.toPrecision(3)));
}

/** A ratio: two digits behind the point, one where it is large. */
export const ratio = (figure) => figure.toFixed(figure >= 10 ? 1 : 2);

/** The same with the digit that tells it from its bound. */
export function ratioBeside(figure, bound) {
  const text = ratio(figure);
  return Number(text) === bound && figure !== bound ? figure.toFixed(3) : text;
}

/** A time of so many µs. */
export function time(micros) {
  return micros >= 1000 ? `${rounded(micros / 1000)} ms` : `${rounded(micros)} µs`;
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
