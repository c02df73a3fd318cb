// The records of the comparison: what a workflow asks a human, at three sizes.

/** A record of about `bytes` bytes as JSON. */
export function request(id, bytes, overrides) {
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
    ...overrides,
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
