// Middle and ends of what was measured.

export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Four digits: more would be noise, and fill the files of results. */
const short = (figure) => Number(figure.toPrecision(4));

/** The median, the least and the greatest figure. */
export const summary = (figures) => [median(figures), Math.min(...figures), Math.max(...figures)].map(short);

/** The summaries of what several runs have measured, by measure. What no run can measure here is left out. */
export function summaries(runs) {
  const measures = Object.keys(runs[0]).filter((measure) => Number.isFinite(runs[0][measure]));
  return Object.fromEntries(measures.map((measure) => [measure, summary(runs.map((run) => run[measure]))]));
}

/** How much y grows for each x, `[[x, y], …]`: by least squares. */
export function slope(points) {
  const mean = (figures) => figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  const [middleX, middleY] = [0, 1].map((axis) => mean(points.map((point) => point[axis])));
  const [together, alone] = [1, 0].map((axis) =>
    mean(points.map((point) => (point[0] - middleX) * (point[axis] - [middleX, middleY][axis]))),
  );
  return together / alone;
}
