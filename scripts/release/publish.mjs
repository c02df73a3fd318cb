// `node scripts/release/publish.mjs <tarballs> [options of npm publish]`: publishes the packages of the platforms, then
// the root package. What has been published before is left alone, so that a run that ended half-way is simply run again.

import { listen, main, run, SetupError } from "../run.mjs";
import { tarballsIn } from "./tarballs.mjs";

/** What the registry has of a package's version: its checksum, or nothing. */
function published({ name, version }) {
  const { status, stdout } = listen("npm", ["view", `${name}@${version}`, "dist.integrity", "--json"]);
  const answer = JSON.parse(stdout || "null");
  if (status === 0) return answer ?? undefined;
  if (answer?.error?.code === "E404") return undefined;
  throw new SetupError(`The registry does not say whether it has ${name}@${version}: ${answer?.error?.summary}`);
}

await main(([folder, ...options]) => {
  const packages = tarballsIn(folder);
  // A trial version must not become what `npm install` takes.
  const tag = packages.at(-1).version.includes("-") ? "next" : "latest";
  for (const one of packages) {
    const { name, version, path, integrity } = one;
    const there = published(one);
    if (there === integrity) {
      console.log(`already there: ${name}@${version}`);
      continue;
    }
    if (there !== undefined) {
      throw new SetupError(
        `${name}@${version} is there with other contents. Let the jobs that failed run again, not all of them: ` +
          "they take the tarballs of the first run.",
      );
    }
    if (run("npm", ["publish", path, "--access=public", `--tag=${tag}`, ...options]) !== 0) {
      throw new SetupError(`npm could not publish ${name}@${version}; its words are above.`);
    }
    console.log(`published: ${name}@${version}`);
  }
  return 0;
});
