// Promises on this side of the bridge: each pending call has a ticket, and the runtime thread
// says under that ticket how the call ended. See src/binding/bridge.rs.

const { randomBytes } = require("node:crypto");
const native = require("./addon.js");
const { toAnswer, toRefusal } = require("./answers.js");
const { Carrier } = require("./carrier.js");
const { fromReport } = require("./errors.js");
const { defect, demand, insist } = require("./native.js");
const watching = require("./watching.js");

// The kinds of events, as src/binding/events.rs writes them, four values each: kind, ticket or client, and two
// more. 4 is an error; from 6 to 8 they are about a stream that js/carrier.js carries; 9 and 10 are for those who watch;
// 11 is a part of a long result.
const DONE = 0;
const NOTHING = 1;
const DOCUMENT = 2;
const COUNT = 3;
const QUESTION = 5;
const CHANGE = 9;
const REMARK = 10;
const AHEAD = 11;

/** Pending calls by ticket, and the tickets that are free again. */
const pending = [];
const free = [];
let pendingCount = 0;
let keepsAlive = false;

/** Connections by number: open, or closed with calls that are not settled. */
const links = new Map();
let nextLink = 0;

/** The way to the native side: made once, started by the first connection and stopped after the last one. */
let bridge = null;
let isStarted = false;

/** Makes the native connection of `link`. */
function openLink(link) {
  bridge ??= demand(() => native.openBridge());
  if (!isStarted) {
    demand(() => native.startBridge(bridge, deliver));
    isStarted = true;
  }
  const number = nextLink++;
  const handle = demand(() => native.openLink(bridge, number, randomBytes(12).toString("hex")));
  links.set(number, { link, handle, carrier: new Carrier(handle) });
  return { number, handle };
}

/** Forgets a connection that was closed. */
function forgetLink(number) {
  const closed = links.get(number);
  if (closed !== undefined) {
    closed.carrier.close();
    tell(number, { state: "closed" });
    links.delete(number);
  }
  closeWhenIdle();
}

/** Lets go of the thread once nothing needs it, so that nothing outlives the last client. */
function closeWhenIdle() {
  if (isStarted && links.size === 0 && pendingCount === 0) {
    isStarted = false;
    keepsAlive = false;
    insist(() => native.stopBridge(bridge));
  }
}

/**
 * Registers a pending call and returns its ticket. `call` is one of `IoredisState`'s; where it has a result, its `read`
 * makes it of a JSON text and an id.
 */
function park(call) {
  if (!keepsAlive) {
    demand(() => native.hold(bridge, true));
    keepsAlive = true;
  }
  const ticket = free.length > 0 ? free.pop() : pending.length;
  pending[ticket] = call;
  call.link.pending += 1;
  pendingCount += 1;
  return ticket;
}

function unpark(ticket) {
  const call = pending[ticket];
  pending[ticket] = undefined;
  pendingCount -= 1;
  if (pendingCount === 0) {
    keepsAlive = !insist(() => native.hold(bridge, false));
  }
  call.link.pending -= 1;
  if (call.link.pending === 0) {
    call.link.drained();
  }
  return call;
}

/**
 * Gives up a call that could not be handed over, and returns why. Its ticket is not used again: the native side may
 * have it, and settle it yet.
 */
function abandon(ticket) {
  unpark(ticket).link.close(true);
  return defect();
}

/** Takes what the runtime thread has to say. Never throws: that would end the process. */
function deliver(events) {
  for (let at = 0; at < events.length; at += 4) {
    const kind = events[at];
    if (kind === QUESTION) {
      ask(events[at + 1], events[at + 2], events[at + 3]);
    } else if (kind === AHEAD) {
      take(events[at + 1], events[at + 2]);
    } else if (kind >= CHANGE) {
      hear(kind, events[at + 1], JSON.parse(events[at + 2]));
    } else if (kind > QUESTION) {
      links.get(events[at + 1])?.carrier.take(kind, events[at + 2], events[at + 3]);
    } else {
      settle(kind, events[at + 1], events[at + 2], events[at + 3]);
    }
  }
  closeWhenIdle();
}

function settle(kind, ticket, value, found) {
  const { link } = pending[ticket] ?? {};
  if (link === undefined) {
    return;
  }
  if (link.isEarly()) {
    link.early.push(() => settle(kind, ticket, value, found));
    return;
  }
  const call = unpark(ticket);
  free.push(ticket);
  try {
    if (kind === DONE) {
      call.resolve(undefined);
    } else if (kind === NOTHING) {
      call.resolve(null);
    } else if (kind === DOCUMENT) {
      call.resolve(call.read(value, found ?? call.id, call));
    } else if (kind === COUNT) {
      call.resolve(value);
    } else {
      const error = fromReport(JSON.parse(value));
      if (error.code === "INTERNAL") {
        // Whatever broke in there, the next call begins with a new connection.
        link.close(true);
      }
      watching.failed(call, error);
      call.reject(error);
    }
  } catch (error) {
    call.reject(error);
  }
}

/** Takes what has come of a result ahead of the rest: once a call has rejected, nobody will ask for it. */
function take(ticket, json) {
  const call = pending[ticket];
  if (call === undefined) {
    return;
  }
  call.ahead ??= [];
  try {
    call.ahead.push(call.read.ahead(json));
  } catch (error) {
    call.failure ??= error;
  }
}

/** Hears what is only for those who watch. What is over by now had its end told. */
function hear(kind, number, notice) {
  if (kind !== REMARK) {
    tell(number, notice);
  } else if (pending[number] !== undefined) {
    watching.remarked(pending[number], notice);
  }
}

/** Tells those who watch what has become of a connection. */
function tell(number, change) {
  const open = links.get(number);
  if (open !== undefined) {
    watching.connectionChanged({ number, name: open.link.name }, change);
  }
}

/** The same of what comes of an answer to the native side. */
function tellOfAnswer(number, link, { ask, attempt, rounds }, value) {
  if (ask === "settings") {
    link.name = value.connectionName;
    tell(number, { state: "connecting" });
  } else if (ask === "retry" || ask === "sentinelRetry") {
    const count = attempt ?? rounds;
    tell(
      number,
      value === undefined ? { state: "givenUp", attempt: count } : { state: "waiting", attempt: count, delay: value },
    );
  }
}

/** Asks what the native side wants to know. However it comes out, there is one answer. */
function ask(number, question, text) {
  const asker = links.get(number);
  if (asker === undefined) {
    return;
  }
  const { link, handle, carrier } = asker;
  const asked = JSON.parse(text);
  const say = (json) => {
    if (!insist(() => native.answer(handle, question, json))) {
      insist(() => native.closeLink(handle, false));
    }
  };
  const reply = (value) => {
    tellOfAnswer(number, link, asked, value);
    say(toAnswer(value));
  };
  const refuse = (error) => say(toRefusal(error));
  try {
    const answer = link.answer(asked, carrier);
    if (typeof answer?.then === "function") {
      answer.then(reply).catch(refuse);
    } else {
      reply(answer);
    }
  } catch (error) {
    refuse(error);
  }
}

module.exports = { abandon, forgetLink, openLink, park };
