// A connection of our own, without a client: opened by a call, ended by `close()` alone.

const { settingsOf } = require("../settings.js");
const { delayOf, reactionOf } = require("./redis.js");

class OwnSource {
  constructor(own) {
    this.own = own;
  }

  attach() {}

  hasEnded() {
    return false;
  }

  expectCall() {}

  watch() {}

  unwatch() {}

  isEarly() {
    return false;
  }

  settings() {
    return settingsOf(this.own.options);
  }

  retryDelay(attempt) {
    return delayOf(this.own.options.retryStrategy, attempt);
  }

  sentinelRetryDelay(rounds) {
    return delayOf(this.own.options.sentinelRetryStrategy, rounds);
  }

  reaction(refusal) {
    return reactionOf(this.own.options.reconnectOnError, refusal);
  }
}

module.exports = { OwnSource };
