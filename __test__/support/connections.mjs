// The connections of a server, as CLIENT LIST tells them.

import { setImmediate as turn } from "node:timers/promises";

/** All connections: the fields of their lines. */
export async function connections(db) {
  const list = await db.client("LIST");
  return list
    .trim()
    .split("\n")
    .map((line) => Object.fromEntries(line.split(" ").map((field) => field.split(/=(.*)/s).slice(0, 2))));
}

/** Those with this name. */
export const named = async (db, name) => (await connections(db)).filter((connection) => connection.name === name);

/** Waits until `condition` holds; it is the test's limit that ends a vain wait. */
export async function until(condition) {
  while (!(await condition())) await turn();
}
