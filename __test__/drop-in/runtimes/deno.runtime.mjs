// The server on Deno.

import { deno } from "../../../scripts/runtimes.mjs";
import { storiesOn } from "./runtime.mjs";

await storiesOn({
  name: "Deno",
  command: deno(),
  // Its primary does not wait for the workers, whose last words then reach nobody.
  clusterPrints: /^$|BrokenPipe/,
  // The addon needs `node_modules`. TypeScript names modules as they are called once compiled.
  flags: ["run", "--allow-all", "--node-modules-dir=manual", "--sloppy-imports", "--no-check"],
});
