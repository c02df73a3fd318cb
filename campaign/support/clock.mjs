// A clock that a trial sets: what is created then has the time that the trial says, to the millisecond.

const RealDate = globalThis.Date;

/** Stops `Date` in this process until `release()`; `set(ms)` says what time it is. */
export function stopClock() {
  let now = RealDate.now();
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length === 0 ? [now] : args));
    }

    static now() {
      return now;
    }
  };
  return {
    set: (ms) => (now = ms),
    release: () => (globalThis.Date = RealDate),
  };
}
