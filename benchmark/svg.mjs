// Bar charts as SVG text: groups of horizontal bars, each with its own label. Readable in light and in dark mode, which
// the viewer of the page tells the picture.

const WIDTH = 880;
const LEFT = 214;
const RIGHT = 150;
const BAR = 12;
const GAP = 2;
const BETWEEN = 12;
const LEGEND_LINE = 20;
const ROOM = WIDTH - LEFT - RIGHT;

/** Longer bars would make all others short: they end here, and their label begins with an arrow. */
const LONGEST = 5;

/** With a background of its own: a page in dark mode does not always say so to its pictures. */
const STYLE = `
.page { fill: #ffffff; }
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2933; stroke: #ffffff; stroke-width: 3px;
  paint-order: stroke; }
.title { font-size: 16px; font-weight: 600; }
.quiet { fill: #52606d; }
.first { font-weight: 600; }
.line { stroke: #52606d; stroke-dasharray: 3 3; }
.c0 { fill: #d9480f; } .c1 { fill: #5f7d9c; } .c2 { fill: #93a9c0; } .c3 { fill: #74a57f; } .c4 { fill: #a78bba; }
.c5 { fill: #b8a05c; }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; }
  text { fill: #e4e7eb; stroke: #0d1117; }
  .quiet { fill: #9aa5b1; }
  .line { stroke: #9aa5b1; }
  .c0 { fill: #ff8a4c; } .c1 { fill: #7e9cbc; } .c2 { fill: #566f8a; } .c3 { fill: #5d8f69; } .c4 { fill: #8d70a1; }
  .c5 { fill: #97834a; }
}`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const put = (text, x, y, classes = "", anchor = "start") =>
  `<text x="${x}" y="${y}" class="${classes}" text-anchor="${anchor}">${escaped(text)}</text>`;

/** The colours' names, in lines as wide as the picture. */
function legendOf(series, top) {
  const parts = [];
  let [x, y] = [16, top];
  for (const [n, title] of series.entries()) {
    const width = 30 + title.length * 6.6;
    if (x + width > WIDTH) [x, y] = [16, y + LEGEND_LINE];
    parts.push(`<rect x="${x}" y="${y - 10}" width="11" height="11" rx="2" class="c${n}"/>`, put(title, x + 17, y));
    x += width;
  }
  return { parts, bottom: y };
}

/**
 * `series`: what the colours stand for. `groups`: `{ label, bars: [{ series, length, label }] }`, where lengths have no
 * unit, and `series` is a number. `reference`: a length at which a line stands, with its label.
 */
export function barChart({ title, subtitle, series, groups, reference }) {
  const lengths = groups.flatMap(({ bars }) => bars.map(({ length }) => length));
  const most = Math.min(LONGEST, Math.max(...lengths, reference?.length ?? 0));
  const scale = (length) => Number(((Math.min(length, LONGEST) / most) * ROOM).toFixed(1));
  const legend = legendOf(series, 70);
  const top = legend.bottom + (reference ? 38 : 22);

  const parts = [];
  let y = top;
  for (const { label, bars } of groups) {
    const height = bars.length * (BAR + GAP);
    parts.push(put(label, LEFT - 10, y + height / 2 + 3, "", "end"));
    for (const bar of bars) {
      const width = Math.max(1, scale(bar.length));
      const text = (bar.length > LONGEST ? "→ " : "") + bar.label;
      parts.push(`<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2" class="c${bar.series}"/>`);
      parts.push(put(text, LEFT + width + 6, y + BAR - 2, bar.series === 0 ? "first" : "quiet"));
      y += BAR + GAP;
    }
    y += BETWEEN;
  }

  const before = [put(title, 16, 26, "title"), put(subtitle, 16, 46, "quiet"), ...legend.parts];
  if (reference) {
    const x = LEFT + scale(reference.length);
    before.push(`<line x1="${x}" y1="${top - 6}" x2="${x}" y2="${y - BETWEEN}" class="line"/>`);
    before.push(put(reference.label, x, top - 11, "quiet", "middle"));
  }
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escaped(title)}">`;
  const page = `<rect width="${WIDTH}" height="${y}" rx="8" class="page"/>`;
  return `${[head, `<style>${STYLE}\n</style>`, page, ...before, ...parts].join("\n")}\n</svg>\n`;
}
