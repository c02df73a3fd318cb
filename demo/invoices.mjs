// The data of the demo: a payment run as an accounts department has it on a Friday.

const SUPPLIERS = [
  ["INV-20417", "Hafen Spedition GmbH", 48_200, "Sea freight Santos–Hamburg, 4 containers"],
  ["INV-20431", "Cooperativa Serra Azul", 31_750.4, "Green coffee, 120 bags, lot 26-118"],
  ["INV-20436", "Böhm & Söhne Röstanlagen", 12_980, "Drum bearing, two days of fitting"],
  ["INV-20440", "Papierwerk Lindau AG", 7_415.85, "Printed bags 250 g, 60,000 pieces"],
  ["INV-20452", "Stadtwerke Hamburg", 5_238.12, "Gas and power, October"],
  ["INV-20455", "Kontor Assekuranz", 9_604.5, "Transport insurance, fourth quarter"],
];

export const RUN = "run-2026-11-20";
export const NAMESPACE = "accounts-payable";

const ACTIONS = [
  { id: "approve", label: "Pay", style: "primary" },
  {
    id: "deny",
    label: "Hold back",
    style: "danger",
    fields: { reason: { kind: "select", label: "Reason", options: ["price", "not delivered", "duplicate"] } },
  },
];

export const euros = (amount) => new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" }).format(amount);

/** The approvals that the workflow engine asks for, one for each invoice. */
export const requests = SUPPLIERS.map(([invoice, supplier, amount, subject], index) => ({
  id: `apr-${invoice.slice(4)}`,
  token: `wf:${RUN}:${invoice}`,
  channel: "slack",
  namespace: NAMESPACE,
  message: `Pay ${supplier} ${euros(amount)}?`,
  actions: ACTIONS,
  context: {
    invoice,
    supplier,
    amount,
    subject,
    // A ledger number at the end of what a double holds, and an empty list: a decision must leave both as they are.
    ledgerEntry: Number.MAX_SAFE_INTEGER - index,
    attachments: [],
  },
  batchId: RUN,
  batchIndex: index,
}));

export const batch = {
  id: RUN,
  channel: "slack",
  message: `Payment run of 20 November: ${requests.length} invoices above €5,000`,
  actions: ACTIONS,
};

export const REVIEWERS = [
  { id: "U01", name: "Ada Lindqvist" },
  { id: "U02", name: "Jonas Weber" },
  { id: "U03", name: "Mira Kaya" },
  { id: "U04", name: "Tom Okafor" },
  { id: "U05", name: "Lea Brandt" },
  { id: "U06", name: "Ravi Menon" },
  { id: "U07", name: "Sofia Rossi" },
  { id: "U08", name: "Piet de Vries" },
];

/** What a reviewer's click makes of a request. */
export function decision(request, reviewer, actionId, feedbacks = {}) {
  return { type: "RESOLVED", actionId, id: request.id, externalRef: request.token, by: reviewer, feedbacks };
}
