// Streams that this side carries for the native one: bytes go to and fro between a socket that
// the caller's own connector has opened and the connection in Rust. See src/binding/stream.rs.

const native = require("./addon.js");
const { CODE } = require("./answers.js");
const { insist } = require("./native.js");

// What the native side wants of a socket. A close is 8.
const WRITE = 6;
const RESUME = 7;

/** The streams of one native connection, by the numbers that it gave them. */
class Carrier {
  constructor(handle) {
    this.handle = handle;
    this.streams = new Map();
  }

  /**
   * Opens the socket of stream `number`, and resolves once it can take bytes. `opening` has
   * `socket()`, a promise, and `abandon()`, which lets go of whatever has become of it.
   */
  async open(number, opening) {
    const stream = new Stream(this.handle, number, opening);
    this.streams.set(number, stream);
    try {
      stream.attach(await opening.socket());
    } catch (error) {
      this.drop(number);
      throw error;
    }
  }

  /** Does what the native side wants of a stream. */
  take(kind, number, bytes) {
    if (kind === WRITE) {
      this.streams.get(number)?.write(bytes);
    } else if (kind === RESUME) {
      this.streams.get(number)?.socket?.resume();
    } else {
      this.drop(number);
    }
  }

  drop(number) {
    this.streams.get(number)?.opening.abandon();
    this.streams.delete(number);
  }

  /** Lets go of all sockets: nobody reads from them any more. */
  close() {
    for (const number of this.streams.keys()) {
      this.drop(number);
    }
  }
}

/** One stream, and the socket that it got. */
class Stream {
  constructor(handle, number, opening) {
    this.handle = handle;
    this.number = number;
    this.opening = opening;
    this.socket = null;
  }

  attach(socket) {
    this.socket = socket;
    // Only a pending call keeps the process alive.
    socket.unref?.();
    socket.on("data", (bytes) => this.receive(bytes));
    socket.on("error", (error) => this.end(CODE.test(error?.code) ? error.code : "ECONNRESET"));
    socket.on("end", () => this.end());
    socket.on("close", () => this.tell());
    // Whoever had the socket before may have left it paused.
    socket.resume();
  }

  receive(bytes) {
    try {
      if (!native.streamReceived(this.handle, this.number, bytes)) {
        this.socket.pause();
      }
    } catch {
      // Whether the bytes have arrived nobody knows.
      this.break();
    }
  }

  write(bytes) {
    this.socket?.write(bytes, (error) => {
      try {
        if (!error) {
          native.streamTook(this.handle, this.number, bytes.length);
        }
      } catch {
        this.break();
      }
    });
  }

  /** After a native function has failed, only another stream can be trusted. */
  break() {
    this.tell("ECONNRESET");
    this.socket.destroy();
  }

  tell(code) {
    insist(() => native.streamEnded(this.handle, this.number, code));
  }

  /** The socket can give no more; now its connector can still see it close. */
  end(code) {
    this.tell(code);
    this.opening.abandon();
  }
}

module.exports = { Carrier };
