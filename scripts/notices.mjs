// `npm run notices`: writes LICENSE-THIRD-PARTY.md, what is linked into the addons of all platforms and on which terms.
// It is part of every package that has an addon, as these terms ask for; CI checks that it is fresh.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkedCrates, targets } from "./crates.mjs";
import { main, root, SetupError } from "./run.mjs";

const FILE = "LICENSE-THIRD-PARTY.md";

/** Where a crate leaves the choice we take the first of these that it offers, and the file whose name says so. */
const CHOICES = [
  ["MIT", /mit/i],
  ["BSL-1.0", /boost/i],
];

const LICENCE_FILE = /^(licen[cs]e|copying|notice|copyright)/i;

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

/** Crates that come without their licence's text: its first lines, as their repository has them. */
const WITHOUT_TEXT = {
  napi: "Copyright (c) 2020 LongYinan\nCopyright (c) 2018 GitHub",
  "napi-sys": "Copyright (c) 2020 LongYinan\nCopyright (c) 2018 GitHub",
};

/** What every addon has besides crates. The version is that of the compiler, which Cargo.toml only limits. */
const STANDARD_LIBRARY = {
  name: "The standard library of Rust",
  version: "",
  licence: "MIT",
  text: `Copyright (c) The Rust Project Contributors\n\n${MIT}`,
  places: "all",
};

/** What a crate is used under, and the words that come with it. */
function termsOf({ name, license, manifest_path }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  const offered = license.split(/ OR |\//);
  const [licence, pattern] = CHOICES.find(([id]) => offered.includes(id)) ?? [license, /./];
  if (offered.length > 1 && !CHOICES.some(([id]) => id === licence)) {
    throw new SetupError(`${name}: ${license} has to be chosen from; add to CHOICES`);
  }
  const named = offered.length > 1 ? files.filter((file) => pattern.test(file)) : files;
  if (named.length === 0) {
    if (licence !== "MIT" || !(name in WITHOUT_TEXT)) throw new SetupError(`${name} has no text of ${licence}`);
    return { licence, text: `${WITHOUT_TEXT[name]}\n\n${MIT}` };
  }
  const texts = named.sort().map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());
  return { licence, text: texts.join("\n\n") };
}

/** The platforms of a crate, in words. */
function placesOf(linkedIn, all) {
  if (linkedIn.length === all.length) return "all";
  return [...new Set(linkedIn.map((target) => /linux|darwin|windows/.exec(target)[0]))].join(", ");
}

function collect() {
  const all = targets();
  return linkedCrates().map(({ crate, linkedIn }) => {
    const { name, version } = crate;
    return { name, version, ...termsOf(crate), places: placesOf(linkedIn, all) };
  });
}

function pageOf(parts) {
  const rows = parts.map(({ name, version, licence, places }) => `| ${name} | ${version} | ${licence} | ${places} |`);
  const byText = new Map();
  for (const part of parts) byText.set(part.text, [...(byText.get(part.text) ?? []), part]);
  const texts = [...byText].map(([text, users]) => {
    const names = users.map(({ name, version }) => `${name} ${version}`.trim()).join(", ");
    // No line of a licence's text may end the block that it stands in.
    return `### ${names}\n\n~~~~text\n${text.replace(/[ \t]+$/gm, "")}\n~~~~`;
  });
  return `# Third-party notices

What is linked into the native addons of @hitl-sdk/state-ioredis, and on which terms. Where a crate leaves the choice, this
is what we have chosen. Written by \`npm run notices\`.

| crate | version | licence | platforms |
|---|---|---|---|
${rows.join("\n")}

Addons that were linked with LLVM's libunwind have it under Apache-2.0 with the LLVM exception, which asks for no notice.

## Texts

${texts.join("\n\n")}
`;
}

await main(() => {
  const parts = [STANDARD_LIBRARY, ...collect()];
  writeFileSync(join(root, FILE), pageOf(parts));
  console.log(`${FILE}: ${parts.length} entries`);
  return 0;
});
