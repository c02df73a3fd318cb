// Our connection beside the caller's client: opened by the first call, closed when theirs ends.
// What kind of client it is, and what it says, is up to the source; see js/sources.

const native = require("./addon.js");
const { forgetLink, openLink } = require("./bridge.js");
const { connectionClosed } = require("./errors.js");
const { insist } = require("./native.js");

/** Calls what is to be done once the present code and what waits behind it have run. */
const soon = Promise.resolve();

/** How long `close()` waits for calls before it gives them up, in milliseconds. */
const CLOSE_PATIENCE = 1000;

class Link {
  /** `source`: the client as the sources of js/sources show it. */
  constructor(source) {
    this.source = source;
    this.handle = null;
    this.number = 0;
    /** The connection's name in `CLIENT LIST`, once its settings have been asked for. */
    this.name = undefined;
    /** Calls that have not been settled. */
    this.pending = 0;
    /** Counts openings: what belongs to an earlier one is opened anew. */
    this.epoch = 0;
    /** Instances that have not been closed. */
    this.users = 0;
    /** Answers that came before the client was ready. */
    this.early = [];
    this.waiters = [];
    this.isCorked = false;
    source.attach(this);
  }

  /** Makes sure that there is a native connection. Throws once the caller's client has ended. */
  open() {
    if (this.source.hasEnded()) {
      throw connectionClosed();
    }
    this.source.expectCall();
    if (this.handle === null) {
      const { number, handle } = openLink(this);
      this.handle = handle;
      this.number = number;
      this.epoch += 1;
      this.source.watch();
    }
  }

  /**
   * Before a call: lets it leave together with those that the same turn makes. The first one leaves at
   * once, as nobody else is under way.
   */
  gather() {
    if (this.pending > 0 && !this.isCorked) {
      this.isCorked = true;
      const { handle } = this;
      insist(() => native.cork(handle, true));
      soon.then(() => {
        this.isCorked = false;
        if (!insist(() => native.cork(handle, false))) {
          // Nothing else would let its calls go.
          this.close(false);
        }
      });
    }
  }

  /** Whether an answer has to wait for the caller's client. */
  isEarly() {
    return this.source.isEarly();
  }

  settleEarly() {
    const early = this.early;
    this.early = [];
    for (const settle of early) {
      settle();
    }
  }

  close(graceful) {
    const { handle } = this;
    if (handle !== null) {
      this.handle = null;
      insist(() => native.closeLink(handle, graceful));
      if (this.pending === 0) {
        forgetLink(this.number);
      } else {
        const { number } = this;
        this.waiters.push(() => forgetLink(number));
      }
    }
  }

  /**
   * The end of the last instance. Resolves when the calls made so far are settled; gives them up after
   * a second.
   */
  async closeGently() {
    const { handle } = this;
    this.close(true);
    if (handle !== null && this.pending > 0) {
      const giveUp = setTimeout(() => insist(() => native.closeLink(handle, false)), CLOSE_PATIENCE);
      await new Promise((resolve) => this.waiters.push(resolve));
      clearTimeout(giveUp);
    }
    if (this.users === 0) {
      this.source.unwatch();
    }
  }

  /** The last pending call has been settled. */
  drained() {
    if (this.waiters.length > 0) {
      const waiters = this.waiters;
      this.waiters = [];
      for (const waiter of waiters) {
        waiter();
      }
    }
  }

  /**
   * Answers a question of the native side; see `Question` in src/binding/client.rs. May return a
   * promise of the answer, and throw what js/answers.js makes an answer of.
   */
  answer(question, carrier) {
    switch (question.ask) {
      case "settings":
        return this.source.settings(question);
      case "stream":
        return carrier.open(question.stream, this.source.opening());
      case "retry":
        return this.source.retryDelay(question.attempt);
      case "sentinelRetry":
        return this.source.sentinelRetryDelay(question.rounds);
      default:
        return this.source.reaction(question);
    }
  }
}

module.exports = { Link };
