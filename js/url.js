// A server's URL, read as ioredis reads it: `redis://user:password@host:6379/0?family=6`, the same
// without a scheme, a port, or the path of a Unix socket.

const { wrongKind } = require("./errors.js");

const WRITE = "write redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path/to/redis.sock";

const PORT = /^\d+$/;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const UNIX = /^unix:\/\/(?:([^@/?]*)@)?(\/[^?]+)(?:\?(.*))?$/i;

/**
 * The options that a URL stands for. What stands in front of the `?` wins over what is behind it.
 * A URL holds a password: no error repeats any of it.
 */
function optionsOfUrl(url) {
  const text = url.trim();
  if (text === "") {
    throw wrongKind(`The URL of the Redis server is empty: ${WRITE}`);
  }
  const scheme = SCHEME.exec(text)?.[1].toLowerCase();
  switch (scheme) {
    case "redis":
      return ofServer(parsed(text));
    case "rediss":
      // ioredis reads an upper-case REDISS:// as one without TLS; nobody means that.
      return { tls: true, ...ofServer(parsed(text)) };
    case "unix":
      return ofSocket(text);
    case undefined:
      return withoutScheme(text);
    default:
      throw wrongKind(`The URL is not one of a Redis server: ${WRITE}`);
  }
}

function withoutScheme(text) {
  if (PORT.test(text)) {
    return { port: text };
  }
  if (text.startsWith("//")) {
    return ofServer(parsed(`redis:${text}`));
  }
  if (text.startsWith("/")) {
    const [path, query] = text.split(/\?(.*)/s);
    return { ...queryOf(query), path };
  }
  const url = parsed(`redis://${text}`);
  if (url.pathname.length > 1) {
    // ioredis takes what may mean a database for the path of a socket.
    throw wrongKind(`A URL without a scheme ends with the port: ${WRITE}`);
  }
  return ofServer(url);
}

function ofServer(url) {
  const options = queryOf(url.search.slice(1));
  if (url.username || url.password) {
    options.username = decoded(url.username);
    options.password = decoded(url.password);
  }
  if (url.pathname.length > 1) {
    options.db = url.pathname.slice(1);
  }
  if (url.hostname) {
    options.host = url.hostname.replace(/^\[|\]$/g, "");
  }
  if (url.port) {
    options.port = url.port;
  }
  return options;
}

function ofSocket(text) {
  const parts = UNIX.exec(text);
  if (parts === null) {
    throw wrongKind("The URL names no socket: write unix:///path/to/redis.sock?db=0");
  }
  const [, user, path, query] = parts;
  const options = queryOf(query);
  if (user) {
    const [username, password] = user.split(/:(.*)/s);
    options.username = decoded(username);
    options.password = decoded(password ?? "");
  }
  return { ...options, path: decoded(path) };
}

/** Values of a query are texts, except that of `family`: ioredis judges them by their type. */
function queryOf(query = "") {
  const options = Object.fromEntries(new URLSearchParams(query));
  const family = Number.parseInt(options.family, 10);
  return Number.isNaN(family) ? options : { ...options, family };
}

function parsed(text) {
  try {
    return new URL(text);
  } catch {
    // Node's error repeats the URL.
    throw wrongKind(`The URL of the Redis server cannot be read: ${WRITE}`);
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongKind('The URL of the Redis server has a "%" that encodes nothing: write %25 for it');
  }
}

module.exports = { optionsOfUrl };
