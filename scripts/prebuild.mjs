// `npm run prebuild`: the addon of every platform that can be built here, checked, and all packages as npm would get
// them, in .cache/tarballs. The compilers are fetched into .cache/toolchain.
//
//   npm run prebuild                       every platform; half an hour from nothing, a minute once all is there
//   npm run prebuild -- linux-arm64-musl   these

import { chosen, makeTarballs } from "./platforms/tarballs.mjs";
import { BUILT, LEFT } from "./platforms/targets.mjs";
import { main } from "./run.mjs";
import { provideDependencies } from "./setup.mjs";

await main(async (args) => {
  const platforms = chosen(args);
  provideDependencies();
  await makeTarballs(platforms);
  console.log("\nLeft to the release workflow:");
  for (const [platform, reason] of Object.entries(LEFT)) console.log(`  ${platform} ${reason}`);
  for (const platform of platforms.filter((name) => BUILT[name].standsIn)) {
    console.log(`  ${platform} as it is published: this one is ${BUILT[platform].standsIn}`);
  }
  return 0;
});
