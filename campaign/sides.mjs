// The two sides that a trial is asked of: this package, and the JavaScript version.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { IoredisState } from "../index.js";
import { JavascriptState } from "./javascript.mjs";

/**
 * What opens a store of this side on a client of ioredis.
 *
 * @param {"native" | "javascript"} side
 * @param {string} [published] a module with the published package's `IoredisState`, asked instead of our model of it
 * @returns {Promise<(client: import("ioredis5").Redis, tableName: string) => IoredisState>}
 */
export async function sideOf(side, published) {
  if (side === "native") return (client, tableName) => new IoredisState(client, { tableName });
  if (published === undefined) return (client, tableName) => new JavascriptState(client, tableName);
  const specifier = /^[./]/.test(published) ? pathToFileURL(resolve(published)).href : published;
  const { IoredisState: Published } = await import(specifier);
  return (client, tableName) => new Published(client, { tableName });
}
