// Every option that the installed versions of ioredis, and Node's TLS, have: by their types and their defaults.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import ts from "typescript5";

const require = createRequire(import.meta.url);

/** The defaults of clients of one server and of a Cluster, of both versions. */
const DEFAULTS = ["ioredis5", "ioredis6"].flatMap((library) => [
  require(library).Redis.defaultOptions,
  require(`${library}/built/cluster/ClusterOptions.js`).DEFAULT_CLUSTER_OPTIONS,
]);

const TYPES = `
  import type { ClusterOptions as Cluster5, RedisOptions as Redis5 } from "ioredis5";
  import type { ClusterOptions as Cluster6, RedisOptions as Redis6 } from "ioredis6";
  import type { ConnectionOptions } from "node:tls";
  export declare const client: [Redis5, Redis6, Cluster5, Cluster6];
  export declare const tls: [ConnectionOptions];
`;

/** The names of the options: `{ client, tls }`, each a sorted list. */
export function optionNames() {
  const typed = propertiesOf(TYPES);
  const known = DEFAULTS.flatMap((defaults) => Object.keys(defaults));
  return { client: [...new Set([...typed.client, ...known])].sort(), tls: typed.tls };
}

/** For each exported tuple of types, the properties that they have. */
function propertiesOf(text) {
  const path = fileURLToPath(new URL("options-in-memory.ts", import.meta.url));
  const [module, moduleResolution] = [ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext];
  const options = { module, moduleResolution, target: ts.ScriptTarget.ES2022, types: ["node"] };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, text, ...rest) : getSourceFile(name, ...rest);
  const program = ts.createProgram([path], { ...options, skipLibCheck: true }, host);
  const checker = program.getTypeChecker();
  const file = checker.getSymbolAtLocation(program.getSourceFile(path));
  return Object.fromEntries(
    checker.getExportsOfModule(file).map((each) => {
      const types = checker.getTypeArguments(checker.getTypeOfSymbol(each));
      const names = types.flatMap((type) => type.getProperties().map(({ name }) => name));
      return [each.name, [...new Set(names)].sort()];
    }),
  );
}
