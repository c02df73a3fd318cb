// `npm run build`: the addon for this machine, in release mode.

import { main } from "./run.mjs";
import { buildAddon, provideDependencies } from "./setup.mjs";

await main(() => {
  provideDependencies();
  buildAddon();
  return 0;
});
