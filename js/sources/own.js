// A connection of our own, without a client: opened by a call, ended by `close()` alone.

const { Opening, PlainConnector } = require("../opening.js");
const { settingsOf } = require("../settings.js");
const { delayOf, reactionOf } = require("../strategies.js");

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

  opening() {
    const { options } = this.own;
    return new Opening(options.Connector ?? PlainConnector, options);
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
