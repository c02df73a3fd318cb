// An ioredis-mock client: its data are in this process, and only its own methods lead to them. It
// has no life that could be followed: it works before it is connected, and after `quit()`.

const { MockServer } = require("../mock/server.js");
const { Opening } = require("../opening.js");
const { settingsOf } = require("../settings.js");

class MockSource {
  constructor(client) {
    // The socket of every connection is a server beside the client.
    this.options = {
      Connector: class {
        connect() {
          return new MockServer(client);
        }
      },
      enableOfflineQueue: true,
      autoResendUnfulfilledCommands: true,
      // It is this process that answers, and it may be busy for long.
      socketTimeout: 3_600_000,
    };
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
    return settingsOf(this.options);
  }

  opening() {
    return new Opening(this.options.Connector, this.options);
  }

  retryDelay() {
    return 0;
  }
}

module.exports = { MockSource };
