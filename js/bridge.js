// Promises on this side of the bridge: each pending call has a ticket, and the runtime thread
// says under that ticket how the call ended. See src/binding/bridge.rs.

const { randomBytes } = require("node:crypto");
const native = require("../binding.js");
const { toAnswer, toRefusal } = require("./answers.js");
const { Carrier } = require("./carrier.js");
const { fromReport } = require("./errors.js");

// The kinds of events, four values each: kind, ticket or client, and two more. 4 is an error;
// from 6 on they are about a stream that js/carrier.js carries.
const DONE = 0;
const NOTHING = 1;
const DOCUMENT = 2;
const COUNT = 3;
const QUESTION = 5;

/** Pending calls by ticket, and the tickets that are free again. */
const pending = [];
const free = [];
let pendingCount = 0;

/** Connections by number: open, or closed with calls that are not settled. */
const links = new Map();
let nextLink = 0;

let bridge = null;

/** Makes the native connection of `link`, and the bridge if there is none yet. */
function openLink(link) {
  bridge ??= native.openBridge(deliver);
  const number = nextLink++;
  const handle = native.openLink(bridge, number, randomBytes(12).toString("hex"));
  links.set(number, { link, handle, carrier: new Carrier(handle) });
  return { number, handle };
}

/** Forgets a connection that was closed. */
function forgetLink(number) {
  links.get(number)?.carrier.close();
  links.delete(number);
  closeWhenIdle();
}

/** Lets go of the thread once nothing needs it, so that nothing outlives the last client. */
function closeWhenIdle() {
  if (bridge !== null && links.size === 0 && pendingCount === 0) {
    native.closeBridge(bridge);
    bridge = null;
  }
}

/**
 * Registers a pending call and returns its ticket. `call` has `link`, `resolve`, `reject`, and
 * where it has a result `read`, which makes it of a JSON text and an id.
 */
function park(call) {
  const ticket = free.length > 0 ? free.pop() : pending.length;
  pending[ticket] = call;
  call.link.pending += 1;
  pendingCount += 1;
  if (pendingCount === 1) {
    native.hold(bridge, true);
  }
  return ticket;
}

function unpark(ticket) {
  const call = pending[ticket];
  pending[ticket] = undefined;
  free.push(ticket);
  pendingCount -= 1;
  if (pendingCount === 0) {
    native.hold(bridge, false);
  }
  call.link.pending -= 1;
  if (call.link.pending === 0) {
    call.link.drained();
  }
  return call;
}

/** Takes what the runtime thread has to say. Never throws: that would end the process. */
function deliver(events) {
  for (let at = 0; at < events.length; at += 4) {
    const kind = events[at];
    if (kind === QUESTION) {
      ask(events[at + 1], events[at + 2], events[at + 3]);
    } else if (kind > QUESTION) {
      links.get(events[at + 1])?.carrier.take(kind, events[at + 2], events[at + 3]);
    } else {
      settle(kind, events[at + 1], events[at + 2], events[at + 3]);
    }
  }
  closeWhenIdle();
}

function settle(kind, ticket, value, found) {
  const { link } = pending[ticket];
  if (link.isEarly()) {
    link.early.push(() => settle(kind, ticket, value, found));
    return;
  }
  const call = unpark(ticket);
  try {
    if (kind === DONE) {
      call.resolve(undefined);
    } else if (kind === NOTHING) {
      call.resolve(null);
    } else if (kind === DOCUMENT) {
      call.resolve(call.read(value, found ?? call.id));
    } else if (kind === COUNT) {
      call.resolve(value);
    } else {
      const error = fromReport(JSON.parse(value));
      if (error.code === "INTERNAL") {
        // Whatever broke in there, the next call begins with a new connection.
        link.close(true);
      }
      call.reject(error);
    }
  } catch (error) {
    call.reject(error);
  }
}

/** Asks what the native side wants to know. However it comes out, there is one answer. */
function ask(number, question, text) {
  const asker = links.get(number);
  if (asker === undefined) {
    return;
  }
  const { link, handle, carrier } = asker;
  const reply = (value) => native.answer(handle, question, toAnswer(value));
  const refuse = (error) => native.answer(handle, question, toRefusal(error));
  try {
    const answer = link.answer(JSON.parse(text), carrier);
    if (typeof answer?.then === "function") {
      answer.then(reply).catch(refuse);
    } else {
      reply(answer);
    }
  } catch (error) {
    refuse(error);
  }
}

module.exports = { forgetLink, openLink, park, unpark };
