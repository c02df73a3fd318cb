// An ioredis-mock client: its data are in this process, and only its own methods lead to them. It
// works before it is connected, and after `quit()`: there is no life to be followed, as without a client.

const { MockServer } = require("../mock/server.js");
const { OwnSource } = require("./own.js");

class MockSource extends OwnSource {
  constructor(client) {
    const options = {
      // The socket of every connection is a server beside the client.
      Connector: class {
        connect() {
          return new MockServer(client);
        }
      },
      enableOfflineQueue: true,
      autoResendUnfulfilledCommands: true,
      // It is this process that answers, and it may be busy for long.
      socketTimeout: 3_600_000,
      retryStrategy: () => 0,
    };
    super({ options });
  }
}

module.exports = { MockSource };
