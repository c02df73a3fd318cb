// Code that names what it gets and gives: every type of the package can be imported, and fits where the methods have it.

import type {
  AmbiguousMessage,
  BatchRecord,
  ConflictMessage,
  CorruptMessage,
  HitlField,
  HumanActionDef,
  HumanActions,
  HumanRequestRecord,
  InboxCountOptions,
  InboxListOptions,
  InboxListResult,
  IoredisClient,
  IoredisState,
  MigrationMessage,
  NewBatchRecord,
  NewHumanRequestRecord,
  NewNotifyDeliveryRecord,
  NotifyDeliveryRecord,
  OperationMessage,
  OperationName,
  PurgeOptions,
  PurgeResult,
  RepairMessage,
  ReplayMessage,
  RetryMessage,
  Reviewer,
  StateMessages,
  TimelineEntry,
  VerifyFinding,
  VerifyKind,
  VerifyOptions,
  VerifyProgress,
  VerifyReport,
  VerifySeen,
  VerifyUnrepaired,
} from "@hitl-sdk/state-ioredis";

const field: HitlField = { kind: "confirm", label: "Sure?", default: true };
const action: HumanActionDef = { id: "approve", fields: { field } };
const actions: HumanActions = [action];
const reviewer: Reviewer = { name: "Ada" };
const request: NewHumanRequestRecord = {
  id: "apr_1",
  token: "tok_1",
  channel: "inbox",
  namespace: "global",
  message: "?",
  actions,
};
const batch: NewBatchRecord = { id: "bat_1", channel: "inbox", actions };
const filter: InboxCountOptions = { status: "pending" };
const page: InboxListOptions = { ...filter, limit: 1 };
const house: PurgeOptions = { resolvedBefore: new Date() };
const look: VerifyOptions = {
  onProgress: (progress: VerifyProgress) => {
    const seen: VerifySeen = progress.seen;
    return seen;
  },
};

export async function everything(state: IoredisState, delivery: NewNotifyDeliveryRecord, entry: TimelineEntry) {
  await state.create(request);
  await state.createBatch(batch);
  await state.createNotifyDelivery(delivery);
  await state.appendTimeline(entry);
  const found: HumanRequestRecord | null = await state.get("apr_1");
  const whole: BatchRecord | null = await state.getBatch("bat_1");
  const sent: NotifyDeliveryRecord | null = await state.getNotifyDelivery(delivery.id);
  const entries: TimelineEntry[] = await state.timeline(entry.threadId);
  const inbox: InboxListResult = await state.list(page);
  const gone: PurgeResult = await state.purge(house);
  const report: VerifyReport = await state.verify(look);
  const findings: VerifyFinding[] = report.findings;
  const kinds: VerifyKind[] = findings.map(({ kind }) => kind);
  const left: VerifyUnrepaired[] = report.unrepaired;
  return { found, whole, sent, entries, inbox, gone, kinds, left, reviewer };
}

/** Each message of a channel is what StateMessages has under its name. */
type Of<Name extends string> = StateMessages[`@hitl-sdk/state-ioredis:${Name}` & keyof StateMessages];
export const messages = {
  ambiguous: (message: AmbiguousMessage): Of<"ambiguous"> => message,
  conflict: (message: ConflictMessage): Of<"conflict"> => message,
  corrupt: (message: CorruptMessage): Of<"corrupt"> => message,
  migration: (message: MigrationMessage): Of<"migration"> => message,
  repair: (message: RepairMessage): Of<"repair"> => message,
  replay: (message: ReplayMessage): Of<"replay"> => message,
  retry: (message: RetryMessage): Of<"retry"> => message,
  name: ({ operation }: OperationMessage): OperationName => operation,
};

/** Whatever has these members is a client, whoever made it. */
export const isClient = (client: IoredisClient): IoredisClient => client;
