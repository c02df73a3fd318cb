// The records of the comparison: what a workflow asks a human, at three sizes.

/** What all records of a size have in common: making it takes longer than some of the calls that are measured. */
const models = new Map();

/** A record of about `bytes` bytes as JSON. */
export function request(id, bytes, overrides) {
  if (!models.has(bytes)) models.set(bytes, model(bytes));
  return { ...models.get(bytes), id, token: `token-of-${id}`, ...overrides };
}

function model(bytes) {
  const id = "created-123456-12-1234";
  const base = {
    id,
    token: `token-of-${id}`,
    channel: "slack",
    namespace: "global",
    message: "May I send the money?",
    actions: [
      { id: "approve", label: "Approve", style: "primary" },
      { id: "deny", label: "Deny", fields: { reason: { kind: "textarea", label: "Why?" } } },
    ],
    context: { amount: 1234.5, currency: "EUR", to: { name: "Ada Lovelace", iban: "DE02120300000000202051" } },
  };
  const lines = [];
  let missing = bytes - JSON.stringify(base).length - 90;
  for (let n = 0; missing > 0; n++) {
    const line = { position: n, text: "Consulting, one day", price: 129.95, taxed: n % 2 === 0 };
    lines.push(line);
    missing -= JSON.stringify(line).length + 1;
  }
  return { ...base, context: { ...base.context, lines } };
}

export const decision = (id) => ({
  type: "RESOLVED",
  actionId: "approve",
  id,
  externalRef: `ref-${id}`,
  by: { id: "U1", name: "Ada" },
  feedbacks: { reason: "The invoice is right." },
});

export const entry = (id, threadId) => ({
  id,
  threadId,
  message: "Approved by Ada",
  detail: { action: "approve" },
  createdAt: new Date().toISOString(),
});

export const batch = (id) => ({
  id,
  channel: "slack",
  message: "Three invoices",
  actions: [{ id: "approve", label: "Approve" }],
});

export const delivery = (id) => ({ id, channel: "email", message: "Done", groupId: "finance" });
