// Whether a history is linearizable: whether every call can have taken effect at one instant between its beginning and its
// end, so that all answers are those of one caller after the other. The search is that of Wing and Gong, and never looks
// twice at the same calls done with the same state, as Lowe found.
//
// A history is a list of calls `{ begin, end, … }`. Times are numbers, each of which occurs once. A call whose outcome is
// not known has `end: Infinity`: it may take effect at any time from its beginning on, or never.
//
// What the calls are about is told by a specification:
//   initial               the state before all calls. A state has a `key`, a text: equal keys are equal states
//   step(state, call)     the states in which the call can leave this one and get the answer that it got; none, if
//                         it cannot. For a call of unknown outcome only those that differ from this one are worth telling

/** States of the search after which it gives up. */
const PATIENCE = 1_000_000;

/** The beginnings and ends in the order of time, as a list from which calls are taken out and put back. */
class Timeline {
  #events;
  #next;
  #previous;
  /** Where the end of a call is, by its number. */
  #ends = new Map();

  constructor(calls) {
    const beginnings = calls.map(({ begin }, number) => ({ time: begin, number, isBeginning: true }));
    const ends = calls.map(({ end }, number) => ({ time: end, number, isBeginning: false }));
    this.#events = [...beginnings, ...ends.filter(({ time }) => time !== Infinity)].sort((a, b) => a.time - b.time);
    const { length } = this.#events;
    for (const [at, { number, isBeginning }] of this.#events.entries()) if (!isBeginning) this.#ends.set(number, at);
    // Position `length` is in front of the first event and behind the last.
    this.#next = Array.from({ length: length + 1 }, (_, at) => (at + 1) % (length + 1));
    this.#previous = Array.from({ length: length + 1 }, (_, at) => (at + length) % (length + 1));
  }

  get first() {
    return this.#next.at(-1);
  }

  after(at) {
    return this.#next[at];
  }

  /** The event at a position; `undefined` behind the last. */
  at(position) {
    return this.#events[position];
  }

  #positions(at) {
    const end = this.#ends.get(this.#events[at].number);
    return end === undefined ? [at] : [at, end];
  }

  /** Takes out the call that begins here. */
  remove(at) {
    for (const position of this.#positions(at)) {
      this.#next[this.#previous[position]] = this.#next[position];
      this.#previous[this.#next[position]] = this.#previous[position];
    }
  }

  /** Puts it back: the last one that was taken out first. */
  restore(at) {
    for (const position of this.#positions(at).reverse()) {
      this.#next[this.#previous[position]] = position;
      this.#previous[this.#next[position]] = position;
    }
  }
}

/** `true` or `false`, or `undefined` where the search has taken too long. */
export function isLinearizable(calls, { initial, step }) {
  const timeline = new Timeline(calls);
  const seen = new Set();
  const stack = [];
  let state = initial;
  let done = 0n;
  let missing = calls.filter(({ end }) => end !== Infinity).length;
  let [at, choice] = [timeline.first, 0];
  while (missing > 0) {
    const event = timeline.at(at);
    if (!event?.isBeginning) {
      // What ends here has not been done: something before it must be done otherwise.
      if (stack.length === 0) return false;
      ({ at, choice, state, done, missing } = stack.pop());
      timeline.restore(at);
      continue;
    }
    const next = step(state, calls[event.number])[choice];
    choice += 1;
    if (next === undefined) {
      [at, choice] = [timeline.after(at), 0];
      continue;
    }
    const doneThen = done | (1n << BigInt(event.number));
    const key = `${doneThen.toString(36)} ${next.key}`;
    if (seen.has(key)) continue;
    if (seen.size === PATIENCE) return undefined;
    seen.add(key);
    stack.push({ at, choice, state, done, missing });
    timeline.remove(at);
    if (calls[event.number].end !== Infinity) missing -= 1;
    [state, done, at, choice] = [next, doneThen, timeline.first, 0];
  }
  return true;
}

/** What had been called and answered at `time`: later calls are not there, and later answers unknown. */
const until = (calls, time) =>
  calls.filter(({ begin }) => begin <= time).map((call) => (call.end <= time ? call : { ...call, end: Infinity }));

/** Of a history that is not linearizable, the first answer that nothing explains. */
export function firstImpossible(calls, specification) {
  const answered = calls.filter(({ end }) => end !== Infinity).sort((a, b) => a.end - b.end);
  return answered.find(({ end }) => isLinearizable(until(calls, end), specification) === false);
}
