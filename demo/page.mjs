// How the demo looks: headings, sentences, aligned tables, and little colour. Plain text where nobody can see colour.

const colourful = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
const paint = (code) => (text) => (colourful ? `\x1b[${code}m${text}\x1b[0m` : String(text));

const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const red = paint(31);
export const yellow = paint(33);

const MARGIN = "   ";
const WIDTH = 96;

let chapters = 0;

/** How many columns a text takes on the screen: its characters without the colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one.
const widthOf = (text) => [...String(text).replace(/\x1b\[\d+m/g, "")].length;

export function title(name, facts) {
  console.log(`\n${bold(name)}\n${dim(facts)}`);
}

export function chapter(name) {
  chapters += 1;
  console.log(`\n${bold(`${chapters}  ${name}`)}\n`);
}

/** A paragraph, wrapped. */
export function say(text) {
  let line = MARGIN;
  for (const word of text.trim().split(/[ \n]+/)) {
    if (widthOf(line) + widthOf(word) >= WIDTH) {
      console.log(line);
      line = MARGIN;
    }
    line += line === MARGIN ? word : ` ${word}`;
  }
  console.log(line);
}

export function gap() {
  console.log();
}

/**
 * Rows in columns. A column whose heading begins with `>` is aligned to the right.
 *
 * @param {string[]} headings
 * @param {(string | number)[][]} rows
 */
export function table(headings, rows) {
  const names = headings.map((heading) => heading.replace(/^>/, ""));
  const widths = names.map((name, i) => Math.max(widthOf(name), ...rows.map((row) => widthOf(row[i]))));
  const line = (cells) =>
    cells
      .map((cell, i) => {
        const blank = " ".repeat(widths[i] - widthOf(cell));
        return headings[i].startsWith(">") ? blank + cell : cell + blank;
      })
      .join("  ")
      .trimEnd();
  console.log(`${MARGIN}${dim(line(names))}`);
  for (const row of rows) console.log(`${MARGIN}${line(row)}`);
}
