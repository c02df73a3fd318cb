// What users give to methods: keys and records that are taken as they are, refused by name, or lead nowhere.

const { invalidArgument } = require("./errors.js");

/** Hitl's own rule for namespaces. */
const NAMESPACE = /^[A-Za-z0-9_.-]{1,128}$/;

/** How many requests a page has, unless the filter says so, and at most. */
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;

/** The text that a key is built from; `undefined` where nothing can be stored under it. */
function readableKey(value) {
  const text = textOf(value);
  return text?.isWellFormed() ? text : undefined;
}

/** The same for a write, which is refused: lone surrogates would meet on one key. */
function writableKey(value, name) {
  const text = textOf(value) ?? jsonOf(value) ?? "";
  if (!text.isWellFormed()) {
    throw invalidArgument(`${name} must not contain lone surrogates`);
  }
  return text;
}

/** `String(value)`; `undefined` for an object that has no text. */
function textOf(value) {
  if (typeof value === "string") {
    return value;
  }
  try {
    return String(value);
  } catch {
    return undefined;
  }
}

/** JSON; `undefined` where V8 has none for it, or refuses. */
function jsonOf(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** JSON keeps the value; for one that V8 refuses, such as a BigInt, its text. */
function externalIdJson(externalId, text) {
  try {
    return JSON.stringify(externalId);
  } catch {
    return JSON.stringify(text);
  }
}

function demandObject(value, name) {
  if (value === null || typeof value !== "object") {
    throw invalidArgument(`${name} must be an object`);
  }
}

function demandKey(value, name) {
  if (value === undefined || value === null) {
    throw invalidArgument(`${name} must be given`);
  }
  return writableKey(value, name);
}

function demandString(value, name) {
  if (typeof value !== "string") {
    throw invalidArgument(`${name} must be a string`);
  }
  writableKey(value, name);
}

/** Absent and empty mean unfiltered; what no request can have, or nobody can read, matches nothing. */
function readFilter(filter) {
  try {
    const { status, namespace, limit, cursor } = filter ?? {};
    const byStatus = status || undefined;
    const byNamespace = namespace ? String(namespace) : undefined;
    const size = Number.isFinite(limit) && limit >= 1 ? Math.min(Math.floor(limit), MAX_LIMIT) : DEFAULT_LIMIT;
    const matches =
      (byStatus === undefined || byStatus === "pending" || byStatus === "resolved") &&
      (byNamespace === undefined || NAMESPACE.test(byNamespace));
    return { matches, byStatus, byNamespace, size, cursor };
  } catch {
    return { matches: false };
  }
}

module.exports = {
  demandKey,
  demandObject,
  demandString,
  externalIdJson,
  NAMESPACE,
  readableKey,
  readFilter,
  writableKey,
};
