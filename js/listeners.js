// Our listeners on a caller's client: one set, put on when needed and taken off again.

class Listeners {
  /** `handlers`: what to do, by the name of the event. */
  constructor(emitter, handlers) {
    this.emitter = emitter;
    this.handlers = Object.entries(handlers);
    this.areOn = false;
  }

  putOn() {
    if (!this.areOn) {
      this.areOn = true;
      for (const [name, handler] of this.handlers) {
        this.emitter.on(name, handler);
      }
    }
  }

  takeOff() {
    this.areOn = false;
    for (const [name, handler] of this.handlers) {
      this.emitter.off(name, handler);
    }
  }
}

module.exports = { Listeners };
