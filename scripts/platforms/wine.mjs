// Windows as wine has it, for the official node.exe. What Debian's wine does when it is installed is done here: it makes
// a drive C:, and finds the zlib that another package brings.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { demandOutput } from "../run.mjs";
import { provideToolchain } from "./toolchain.mjs";

/** Without what it would need to draw, to play and to print. */
export const WINE = {
  suite: "bookworm",
  architectures: ["amd64"],
  packages: ["wine64"],
  keep: /^(wine64|libwine|libz-mingw-w64|libunwind8|liblzma5|libgcc-s1|libc6):/,
};

const SERVER = "/usr/lib/wine/wineserver64";

export const WINE_ENV = {
  WINEPREFIX: "/opt/wine",
  WINEPATH: "Z:\\usr\\x86_64-w64-mingw32\\lib",
  WINESERVER: SERVER,
  WINEDEBUG: "-all",
  // It calls itself Windows 7.
  NODE_SKIP_PLATFORM_CHECK: "1",
};

/** What starts a program of Windows in there. */
export const wine = (program) => ["/usr/lib/wine/wine64", program];

const SHIM = fileURLToPath(new URL("bcryptprimitives.c", import.meta.url));

/** Makes drive C:, with `enter` of systems.mjs, and puts into it the one library that Rust needs and wine 8 lacks. */
export async function prepareWine(folder, enter) {
  const { zig, env } = await provideToolchain();
  // The half of it that is for programs of 32 bits.
  rmSync(join(folder, "usr/lib/x86_64-linux-gnu/wine/i386-windows"), { recursive: true });
  await enter(folder, [...wine("wineboot"), "--init"], WINE_ENV);
  await enter(folder, [SERVER, "--wait"], WINE_ENV);
  const library = join(folder, "opt/wine/drive_c/windows/system32/bcryptprimitives.dll");
  const target = ["-target", "x86_64-windows-gnu", "-shared", "-O2", "-s"];
  demandOutput(zig, ["cc", ...target, "-o", library, SHIM, "-ladvapi32"], `${SHIM} does not compile`, { env });
}
