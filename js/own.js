// A connection without an ioredis client: of a URL, or of an object with ioredis's options.

const { wrongKind } = require("./errors.js");
const { optionsOfUrl } = require("./url.js");

/** What ioredis 6 takes for the options that are left out. */
const DEFAULTS = {
  port: 6379,
  host: "localhost",
  family: 0,
  connectTimeout: 10_000,
  disconnectTimeout: 2000,
  keepAlive: 30_000,
  noDelay: true,
  connectionName: null,
  disableClientInfo: false,
  sentinels: null,
  name: null,
  role: "master",
  sentinelRetryStrategy: (attempt) => Math.min(attempt * 10, 1000),
  natMap: null,
  enableTLSForSentinelMode: false,
  updateSentinels: true,
  username: null,
  password: null,
  db: 0,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  autoResendUnfulfilledCommands: true,
  keyPrefix: "",
  reconnectOnError: null,
  readOnly: false,
  maxRetriesPerRequest: 20,
  maxLoadingRetryTime: 10_000,
  failoverDetector: false,
  sentinelMaxConnections: 10,
  sentinelReconnectStrategy: () => 60_000,
  /** Doubles up to five seconds; many that lost the same server must not come back at once. */
  retryStrategy: (attempt) => Math.min(50 * 2 ** (attempt - 1), 5000) + Math.floor(Math.random() * 200),
};

/** Options by which an object is known for ioredis's. `name` and `role` are everybody's. */
const KNOWN = new Set([
  ...Object.keys(DEFAULTS).filter((option) => option !== "name" && option !== "role"),
  ...["path", "tls", "Connector", "commandTimeout", "socketTimeout", "clientInfoTag", "lazyConnect", "protocol"],
  ...["preferredSlaves", "sentinelUsername", "sentinelPassword", "sentinelTLS", "sentinelCommandTimeout"],
]);

const PASS_CLUSTER = 'pass the client of a Cluster: new IoredisState(new Cluster(nodes, { keyPrefix: "{hitl}:" }))';

/** Options of other clients, which ioredis would ignore: it would connect to another server. */
const FOREIGN = {
  url: 'write new IoredisState("redis://…")',
  socket: "write host and port beside the other options",
  startupNodes: PASS_CLUSTER,
  rootNodes: PASS_CLUSTER,
  redisOptions: PASS_CLUSTER,
};

/** Sets of certificates that ioredis brings along. Any other name means nothing to it. */
const PROFILES = ["RedisCloudFixed", "RedisCloudFlexible"];

/** The options of a connection of our own, as the client that is not there would show them. */
class Own {
  #given;

  constructor(given) {
    this.#given = given;
  }

  /** Read anew each time: users change them. */
  get options() {
    const options = { ...DEFAULTS, ...definedOf(this.#given) };
    for (const name of ["port", "db"]) {
      if (typeof options[name] === "string") {
        options[name] = Number.parseInt(options[name], 10);
      }
    }
    if (typeof options.tls === "string") {
      options.tls = { profile: options.tls };
    }
    return options;
  }
}

/** One for each options object: states that are given the same share a connection. */
const owns = new WeakMap();

/** What stands for a client where the constructor was given a URL or options; else the value itself. */
function clientOf(given) {
  if (typeof given === "string") {
    return checked(new Own(optionsOfUrl(given)));
  }
  if (!isOptions(given)) {
    return given;
  }
  const own = checked(owns.get(given) ?? new Own(given));
  owns.set(given, own);
  return own;
}

/** Whether a value is an object with options: no client of whatever kind, and no list. */
function isOptions(value) {
  return (
    value !== null &&
    typeof value === "object" &&
    !Array.isArray(value) &&
    ["on", "sendCommand", "then"].every((method) => typeof value[method] !== "function") &&
    // A URL object has a host and a port as well.
    value.href === undefined &&
    namesOf(value).some((name) => KNOWN.has(name) || Object.hasOwn(FOREIGN, name))
  );
}

/** Refuses what no server can be reached with, or what would silently reach another one. */
function checked(own) {
  const options = read(own);
  for (const [option, advice] of Object.entries(FOREIGN)) {
    if (options[option] !== undefined) {
      throw wrongKind(`IoredisState takes ioredis's options, and "${option}" is none of them: ${advice}`);
    }
  }
  const { port, db } = options;
  demand(Number.isInteger(port) && port > 0 && port < 65_536, "port", "a number from 1 to 65535");
  demand(Number.isInteger(db) && db >= 0, "db", "the number of a database");
  for (const option of ["host", "path"]) {
    demand(options[option] == null || typeof options[option] === "string", option, "a string");
  }
  for (const option of ["username", "password"]) {
    const isText = ["string", "number", "undefined"].includes(typeof (options[option] ?? undefined));
    demand(isText, option, "a string; it is read anew for each connection, so change it in the object");
  }
  const { Connector, name, sentinels, tls } = options;
  demand(!Connector || typeof Connector === "function", "Connector", "a class with a method connect()");
  demand(
    !PROFILES.includes(tls?.profile),
    "tls",
    "what Node takes: ioredis's profiles come with ioredis, so pass a ca",
  );
  if (sentinels && !Connector) {
    demand(Array.isArray(sentinels) && sentinels.length > 0, "sentinels", "a list of at least one place");
    demand(name, "name", "the name under which the sentinels know the servers");
  }
  return own;
}

function read(own) {
  try {
    return own.options;
  } catch {
    // What users throw may hold anything.
    throw wrongKind("The options that IoredisState was given cannot be read: a getter throws");
  }
}

function demand(holds, option, what) {
  if (!holds) {
    throw wrongKind(`The option "${option}" must be ${what}`);
  }
}

/** As ioredis takes options over: inherited ones too, and `undefined` means absent. */
function definedOf(given) {
  const defined = namesOf(given).filter((name) => given[name] !== undefined);
  return Object.fromEntries(defined.map((name) => [name, given[name]]));
}

function namesOf(given) {
  const names = [];
  for (const name in given) {
    names.push(name);
  }
  return names;
}

module.exports = { clientOf, Own };
