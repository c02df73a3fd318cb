// The known fields of each kind of record, as the JavaScript version copies them out of what it reads and into what it
// writes. Literals: a loop over the names would cost each call a microsecond that the real one need not spend.

/** Actions as today's readers know them. */
function normalised(actions) {
  if (Array.isArray(actions)) {
    return actions.map((action) => (action.id === "submit" ? { ...action, id: "approve" } : action));
  }
  const { submit, deny } = actions ?? {};
  if (!submit && !deny) return [{ id: "approve" }];
  return [...(submit ? [{ id: "approve", ...submit }] : []), ...(deny ? [{ id: "deny", ...deny }] : [])];
}

const isEmpty = (object) => object === undefined || Object.keys(object).length === 0;

const request = (record) => ({
  id: record.id,
  token: record.token,
  channel: record.channel,
  namespace: record.namespace,
  message: record.message,
  actions: record.actions,
  context: record.context,
  status: record.status,
  externalId: record.externalId,
  externalIds: record.externalIds,
  result: record.result,
  createdAt: record.createdAt,
  resolvedAt: record.resolvedAt,
  batchId: record.batchId,
  batchIndex: record.batchIndex,
});

const batch = (record) => ({
  id: record.id,
  channel: record.channel,
  message: record.message,
  actions: record.actions,
  context: record.context,
  externalId: record.externalId,
  externalIds: record.externalIds,
  createdAt: record.createdAt,
});

const entry = (record) => ({
  id: record.id,
  threadId: record.threadId,
  message: record.message,
  detail: record.detail,
  createdAt: record.createdAt,
});

const delivery = (record) => ({
  id: record.id,
  channel: record.channel,
  message: record.message,
  groupId: record.groupId,
  externalId: record.externalId,
  createdAt: record.createdAt,
});

/** A new object with the known fields of one that is to be written, in the writing order. */
export const WRITTEN = { request, batch, entry, delivery };

/** The same for one that was read, as its reader gets it. */
export const READ = {
  request(record) {
    const copy = request(record);
    copy.namespace ??= "global";
    copy.actions = normalised(copy.actions);
    if (isEmpty(copy.externalIds)) copy.externalIds = undefined;
    return copy;
  },
  batch(record) {
    const copy = batch(record);
    if ("actions" in record) copy.actions = normalised(copy.actions);
    if (isEmpty(copy.externalIds)) copy.externalIds = undefined;
    return copy;
  },
  entry,
  delivery,
};
