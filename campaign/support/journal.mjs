// What the replicas of a fleet say about their calls, and what follows from it: who has won, and who has won too late.

const overlaps = (a, b) => a.began < b.ended && b.began < a.ended;

/** What the replicas said in one round, about each request. */
export class Journal {
  wins = new Map();
  writesBack = new Map();

  constructor({ side, fault }) {
    Object.assign(this, { side, fault });
  }

  note = (event) => {
    const { call, id, side, slot, began, ended } = event;
    const name = `${slot} ${began}`;
    // A call that was killed may have ended at any time.
    if (call === "setExternalId" && side === "javascript") {
      this.#list(this.writesBack, id).set(name, { began, ended: ended ?? Infinity });
    }
    if (ended === undefined) return;
    if (event.failed) this.fault("a call fails", `${side}'s ${call} of ${id}: ${event.failed}`);
    if (side === this.side) {
      for (const undone of event.undone)
        this.fault("a replica shows its own decision as undone", `${call} of ${undone}`);
    }
    if (call === "resolve" && event.isDone) this.#list(this.wins, id).set(name, event);
  };

  #list(lists, id) {
    if (!lists.has(id)) lists.set(id, new Map());
    return lists.get(id);
  }

  /** The accepted decisions on a request, in the order of their ends. */
  winsOf(id) {
    return [...(this.wins.get(id)?.values() ?? [])].sort((a, b) => a.ended - b.ended);
  }

  /**
   * Whether `late` was certainly accepted on top of another decision. Of two calls that ran beside each other nobody
   * knows which came first, and a copy written back between them lets the JavaScript version accept the second one.
   */
  isSecond(late, id) {
    const others = this.winsOf(id).filter((other) => other !== late);
    return others.some((other) => {
      if (other.ended < late.began) return true;
      if (!overlaps(other, late)) return false;
      if (other.side === late.side && late.side === "native") return true;
      const both = { began: Math.min(other.began, late.began), ended: Math.max(other.ended, late.ended) };
      return ![...(this.writesBack.get(id)?.values() ?? [])].some((write) => overlaps(write, both));
    });
  }
}
