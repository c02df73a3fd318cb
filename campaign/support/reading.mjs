// How stored records read, as the contract's section 4 says it.

/** Actions in today's form: of the first versions' `submit`, and of their objects in place of lists. */
function normalized(actions) {
  if (Array.isArray(actions)) return actions.map((one) => (one?.id === "submit" ? { ...one, id: "approve" } : one));
  const named = [
    ["approve", actions?.submit],
    ["deny", actions?.deny],
  ].filter(([, action]) => action !== undefined && action !== null);
  return named.length > 0 ? named.map(([id, action]) => ({ id, ...action })) : [{ id: "approve" }];
}

/** The record that a caller gets; `null` where there is none. */
const reading = (normalize) => (stored) => (stored === undefined ? null : normalize(JSON.parse(stored.text)));

export const readRequest = reading((record) => ({
  ...record,
  namespace: record.namespace ?? "global",
  actions: normalized(record.actions),
}));

export const readBatch = reading((batch) =>
  batch.actions === undefined ? batch : { ...batch, actions: normalized(batch.actions) },
);

export const readEntry = reading((entry) => entry);

export const readDelivery = reading((delivery) => delivery);
