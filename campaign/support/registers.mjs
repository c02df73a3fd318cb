// What one id of a store is to its callers, as a specification for `linearizable.mjs`: each id is a register by itself.
//
// A call is `{ begin, end, name, …, answer }`. The answer is `{ value }` of a read, `{ refusal }` with the refusal's
// message, or `{}` of a write that succeeded. There is none where the outcome is not known.

import { isDeepStrictEqual } from "node:util";

/** How records of each kind refuse. */
const WORDS = {
  request: (id) => ({
    exists: `Human request "${id}" already exists`,
    unknown: `Unknown human request "${id}"`,
    decided: `Human request "${id}" is already resolved`,
  }),
  batch: (id) => ({ exists: `Batch "${id}" already exists`, unknown: `Unknown batch "${id}"` }),
  delivery: (id) => ({ exists: `Notify delivery "${id}" already exists`, unknown: `Unknown notify delivery "${id}"` }),
  thread: () => ({}),
};

const stateOf = (value) => ({ value, key: JSON.stringify(value) });

/** Nothing yet: no message, no external id now or ever, no decision, no entry. */
const EMPTY = { message: undefined, ids: {}, ever: [], decision: undefined, entries: [] };

const shown = ({ message, ids, decision }) => (message === undefined ? null : { message, ids, decision });

const including = (texts, text) => [...new Set([...texts, text])].sort();

/** What a call makes of the state, and what it answers. */
const CALLS = {
  create(state, { message }, words) {
    if (state.message === undefined) return [{ ...state, message }, {}];
    return [state, state.message === message ? {} : { refusal: words.exists }];
  },
  set(state, { plugin, externalId }, words) {
    if (state.message === undefined) return [state, { refusal: words.unknown }];
    const ids = Object.fromEntries(Object.entries({ ...state.ids, [plugin]: externalId }).sort());
    return [{ ...state, ids, ever: including(state.ever, externalId) }, {}];
  },
  resolve(state, { decision }, words) {
    if (state.message === undefined) return [state, { refusal: words.unknown }];
    if (state.decision !== undefined) return [state, { refusal: words.decided }];
    return [{ ...state, decision }, {}];
  },
  read: (state) => [state, { value: shown(state) }],
  /** What has once been known under an external id is found under it for ever. */
  find: (state, { externalId }) => [state, { value: state.ever.includes(externalId) ? shown(state) : null }],
  append: (state, { entry }) => [{ ...state, entries: including(state.entries, entry) }, {}],
  entries: (state) => [state, { value: state.entries }],
};

/**
 * The specification of the register of this name, "request r0". A call with `again` is no call: it stands for the effect
 * of an earlier sending of a call, which that may have had or not.
 */
export function register(name) {
  const [kind, id] = name.split(" ");
  const words = WORDS[kind](id);
  return {
    initial: stateOf(EMPTY),
    step(state, call) {
      const [value, answer] = CALLS[call.name](state.value, call, words);
      const next = stateOf(value);
      const isChange = next.key !== state.key;
      if (call.again) return isChange ? [state, next] : [state];
      if (call.answer === undefined) return isChange ? [next] : [];
      return isDeepStrictEqual(answer, call.answer) ? [next] : [];
    },
  };
}
