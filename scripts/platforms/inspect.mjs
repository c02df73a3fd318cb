// What must hold for an addon before it is packed, asked with LLVM's tools, which read the binaries of all platforms:
// made for its machine, stripped, within its budget, loadable on old systems, and with nothing to be seen from outside
// but what Node asks for.

import { statSync } from "node:fs";
import { BUDGET, GLIBC_FLOOR } from "./targets.mjs";

/** What Node calls in an addon to load it. */
const ENTRY_POINT = "napi_register_module_v1";

/** What Node looks up in it besides, if it is there. */
const VERSION = "node_api_module_get_api_version_v1";

const FORMATS = {
  "linux-x64": "elf64-x86-64",
  "linux-arm64": "elf64-littleaarch64",
  "win32-x64": "COFF-x86-64",
};

/** The libraries that an addon may need. glibc's parts are all there in 2.17; musl is one file. */
const LIBRARIES = {
  gnu: /^(ld-linux-(x86-64|aarch64)\.so\.[12]|lib(c|m|dl|pthread|rt|gcc_s)\.so\.\d)$/,
  musl: /^libc\.so$/,
  // All of them come with every Windows that Node runs on.
  msvc: /^(api-ms-win-(core|crt)-[\w-]+|advapi32|bcrypt|bcryptprimitives|kernel32|ntdll|userenv|ws2_32)\.dll$/i,
};

const column = (text, pattern) => [...text.matchAll(pattern)].map(([, value]) => value);

const isAbove = (version, limit) => {
  const [[major, minor], [most, least]] = [version, limit].map((text) => text.split(".").map(Number));
  return major > most || (major === most && minor > least);
};

/** What an addon for Linux offers and asks for. */
function readElf(addon, llvm) {
  return {
    exports: column(llvm("nm", "--dynamic", "--defined-only", "--format=just-symbols", addon), /^([^\s@]+)/gm),
    libraries: column(llvm("readobj", "--needed-libs", addon), /^ {2}(\S+)$/gm),
    glibc: column(llvm("readobj", "--version-info", addon), /\bGLIBC_([\d.]+|PRIVATE)/g),
  };
}

/** The same for Windows. */
function readPe(addon, llvm) {
  return {
    exports: column(llvm("readobj", "--coff-exports", addon), /^ {2}Name: (\S+)/gm),
    libraries: column(llvm("readobj", "--coff-imports", addon), /^ {2}Name: (\S+)/gm),
    glibc: [],
  };
}

/**
 * Reads an addon and checks it.
 *
 * @returns {{ size: number, glibc: string | undefined, faults: string[] }}
 *   the size in bytes, the newest version of glibc that it asks for, and what is wrong with it
 */
export function inspect(addon, platform, { llvm }) {
  const [os, cpu, abi] = platform.split("-");
  const { exports, libraries, glibc } = os === "win32" ? readPe(addon, llvm) : readElf(addon, llvm);
  const facts = llvm("readobj", "--sections", addon);
  const size = statSync(addon).size;
  const faults = [];

  const [format] = column(facts, /^Format: (\S+)$/gm);
  if (format !== FORMATS[`${os}-${cpu}`]) faults.push(`is for another machine: ${format}`);
  const symbols = column(facts, /^ {4}Name: (\.(?:symtab|z?debug)\S*)/gm);
  if (symbols.length > 0) faults.push(`is not stripped: ${symbols.join(", ")}`);
  if (size > BUDGET) faults.push(`has ${size} bytes, more than ${BUDGET}`);

  if (!exports.includes(ENTRY_POINT)) faults.push(`does not export ${ENTRY_POINT}`);
  const others = exports.filter((name) => name !== ENTRY_POINT && name !== VERSION);
  if (others.length > 0) faults.push(`exports what Node does not ask for: ${others.join(", ")}`);

  const foreign = libraries.filter((name) => !LIBRARIES[abi].test(name));
  if (foreign.length > 0) faults.push(`needs libraries that may not be there: ${foreign.join(", ")}`);
  const versions = [...new Set(glibc)].sort((one, other) => (isAbove(one, other) ? 1 : -1));
  const young = versions.filter((version) => version === "PRIVATE" || isAbove(version, GLIBC_FLOOR));
  if (young.length > 0) faults.push(`needs glibc ${young.join(", ")}: the floor is ${GLIBC_FLOOR}`);
  return { size, glibc: versions.at(-1), faults };
}
