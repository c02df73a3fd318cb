// Inboxes for tests of `list`: requests with chosen times, stored as layout 3 has them.

import { JavascriptVersion } from "./javascript-version.mjs";
import { request } from "./records.mjs";

/** The time of day one of every inbox, plus `ms`, as the records have it. */
export const at = (ms) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

/** The cursor behind a record, as section 5 defines it. */
export const cursorOf = ({ createdAt, id }) => Buffer.from(`${createdAt}|${id}`).toString("base64url");

export const idsOf = (records) => records.map((record) => record.id);

/** Stores pending requests `[id, ms, fields?]` with these creation times. */
export async function fill(db, keys, entries) {
  const javascript = new JavascriptVersion(db, keys.prefix);
  await javascript.ensureSchema();
  await Promise.all(entries.map(([id, ms, fields]) => javascript.create(request({ id, ...fields }), at(ms))));
  return javascript;
}

/** `count` entries for `fill`: r0000 is the oldest. */
export const series = (count, fields) =>
  Array.from({ length: count }, (_, i) => [`r${String(i).padStart(4, "0")}`, i, fields]);

/** Follows the cursors to the end; returns the pages. */
export async function pages(state, filter = {}, limit = 1000) {
  const found = [];
  let cursor;
  do {
    const page = await state.list({ ...filter, ...(cursor !== undefined && { cursor }) });
    found.push(page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && found.length < limit);
  return found;
}
