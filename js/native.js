// Native functions fail only by a defect: a panic, which must neither end the process nor leave a promise behind.

const { coded } = require("./errors.js");

/** The words of a panic are not passed on: they may hold anything. */
function defect() {
  const error = coded(new Error("Internal error in @hitl-sdk/state-ioredis: a native function has failed"), "INTERNAL");
  error.ambiguous = true;
  return error;
}

/** Runs what a call cannot do without. */
function demand(work) {
  try {
    return work();
  } catch {
    throw defect();
  }
}

/** Runs what must be done, even at a second attempt. Says whether it has been. */
function insist(work) {
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      work();
      return true;
    } catch {
      // Once more, or that was it.
    }
  }
  return false;
}

module.exports = { defect, demand, insist };
