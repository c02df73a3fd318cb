// Which tests come first: neighbours of what was tried last mean the same, and fail the same test.

export class Order {
  #latest = new Map();

  /** The steps, beginning with the one that lately failed for something of this group. */
  of(group, steps) {
    const latest = this.#latest.get(group);
    return latest ? [latest, ...steps.filter((step) => step !== latest)] : steps;
  }

  note(group, step) {
    this.#latest.set(group, step);
  }
}
