// What goes wrong between a store and its server while a trial runs: connections break at any byte, replies are lost,
// scripts are forgotten.

/** The names of the faults that there are. */
export const STRIKES = [
  "reply lost",
  "request cut",
  "reply cut",
  "connections cut",
  "connections killed",
  "scripts flushed",
];

/** Bytes from now on within which a connection is cut: about as many as a few calls have. */
const NEAR = 600;

/**
 * The faults of a store behind `proxy`. `db`: a plain client that goes past the proxy. `strike(name)` has one of them
 * happen now or soon, and `begun` and `ended` count those that may have touched calls, and that can touch no more.
 */
export function strikesOn({ proxy, db, chance }) {
  const strikes = { begun: 0, ended: 0 };
  const soon = (fault) => fault.fired;
  const act = {
    "reply lost": () => soon(proxy.loseReplies()),
    "request cut": () => soon(proxy.cutRequestAfter(chance.below(NEAR))),
    "reply cut": () => soon(proxy.cutReplyAfter(chance.below(NEAR))),
    "connections cut": async () => proxy.cut(),
    "connections killed": () => db.client("KILL", "TYPE", "normal", "SKIPME", "yes"),
    "scripts flushed": () => db.script("FLUSH"),
  };
  strikes.strike = (name) => {
    // One at a time: the proxy waits for the bytes at which it is to cut.
    if (proxy.fault) return;
    strikes.begun += 1;
    act[name]().then(() => (strikes.ended += 1));
  };
  return strikes;
}
