// Has the client's own connector open a socket, the way ioredis does: any socket that the client
// can open, we get as well. How long it may take is up to the native side.

const net = require("node:net");
const { CODE, ConnectError } = require("./answers.js");

/** How ioredis says that no sentinel has named a server. */
const UNREACHABLE = "All sentinels are unreachable and retry is disabled.";

class Opening {
  /** `Connector`: the class of the client's connector, made with its options. */
  constructor(Connector, options) {
    this.options = options;
    this.connector = new Connector(options);
    this.stream = null;
    this.isAbandoned = false;
    this.isClosed = false;
  }

  /** The open socket. */
  async socket() {
    try {
      // What connectors tell the client on the way, such as a sentinel that is down, is no failure.
      const stream = await this.connector.connect(() => {});
      stream.on("error", () => {}); // it may come when nobody waits for it any more
      this.stream = stream;
      stream.on("close", () => {
        this.isClosed = true;
      });
      if (this.isAbandoned) {
        this.stream.destroy();
      } else if (this.options.noDelay) {
        this.stream.setNoDelay?.(true);
      }
      await this.opened();
    } catch (error) {
      throw connectError(error, this.options);
    }
    if (typeof this.options.keepAlive === "number") {
      this.stream.setKeepAlive?.(true, this.options.keepAlive);
    }
    return this.stream;
  }

  opened() {
    const { connector, options, stream } = this;
    return new Promise((resolve, reject) => {
      if (stream.destroyed) {
        reject(connector.firstError);
      } else if (stream.connecting) {
        const isPlain = !options.tls || (options.sentinels && !options.enableTLSForSentinelMode);
        stream.once(isPlain ? "connect" : "secureConnect", resolve);
        stream.once("error", reject);
        stream.once("close", () => reject(connector.firstError));
      } else {
        resolve();
      }
    });
  }

  /** Lets go of the socket, or of the attempt to open it. */
  abandon() {
    this.isAbandoned = true;
    if (this.isClosed) {
      return; // The connectors of ioredis would now wait for its end, for two seconds.
    }
    try {
      // A connector may hold more than the socket, and may still be about to open it.
      this.connector.disconnect?.();
    } catch {
      // It is the user's own; the socket goes all the same.
    }
    this.stream?.destroy();
  }
}

/** What stands for the connector where there is no ioredis. */
class PlainConnector {
  constructor(options) {
    this.options = options;
  }

  async connect() {
    const { family, host, path, port, tls: secure } = this.options;
    const place = path ? { path } : { host: host ?? undefined, port, family };
    // Only who wants TLS pays for loading it.
    return secure ? require("node:tls").connect({ ...place, ...secure }) : net.connect(place);
  }
}

/**
 * The failure of a connector in Node's words, as far as they can be told from its parts: the
 * text itself may be a user's, and may hold anything.
 */
function connectError(error, options) {
  if (options.sentinels && String(error?.message).startsWith(UNREACHABLE)) {
    return new ConnectError("SENTINELS_UNREACHABLE", UNREACHABLE);
  }
  const code = CODE.test(error?.code) ? error.code : "ECONNFAILED";
  const call = error?.syscall === "getaddrinfo" ? "getaddrinfo" : "connect";
  if (call === "getaddrinfo" && error.hostname === options.host) {
    return new ConnectError(code, `${call} ${code} ${options.host}`);
  }
  if (net.isIP(error?.address)) {
    return new ConnectError(code, `${call} ${code} ${error.address}:${Number(error.port)}`);
  }
  return new ConnectError(code, `${call} ${code}`);
}

module.exports = { Opening, PlainConnector };
