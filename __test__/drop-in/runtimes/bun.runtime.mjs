// The server on Bun.

import { bun } from "../../../scripts/runtimes.mjs";
import { storiesOn } from "./runtime.mjs";

await storiesOn({ name: "Bun", command: bun() });
