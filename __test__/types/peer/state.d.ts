import type { HumanActionDef, HumanResult } from "./index.js";

export type HumanActions = readonly HumanActionDef[];

export interface NewHumanRequestRecord {
  id: string;
  token: string;
  channel: string;
  namespace: string;
  message: string;
  actions: HumanActions;
  context?: Record<string, unknown>;
  batchId?: string;
  batchIndex?: number;
}

export interface HumanRequestRecord extends NewHumanRequestRecord {
  status: "pending" | "resolved";
  externalId?: string;
  externalIds?: Record<string, string>;
  result?: HumanResult;
  createdAt: string;
  resolvedAt?: string;
}

export interface NewBatchRecord {
  id: string;
  channel: string;
  message?: string;
  actions?: HumanActions;
  context?: Record<string, unknown>;
}

export interface BatchRecord extends NewBatchRecord {
  externalId?: string;
  externalIds?: Record<string, string>;
  createdAt: string;
}

export interface NewNotifyDeliveryRecord {
  id: string;
  channel: string;
  message: string;
  groupId: string;
}

export interface NotifyDeliveryRecord extends NewNotifyDeliveryRecord {
  externalId?: string;
  createdAt: string;
}

export interface TimelineEntry {
  id: string;
  threadId: string;
  message: string;
  detail?: Record<string, unknown>;
  createdAt: string;
}

export interface InboxListOptions {
  status?: "pending" | "resolved";
  namespace?: string;
  limit?: number;
  cursor?: string;
}

export interface InboxCountOptions {
  status?: "pending" | "resolved";
  namespace?: string;
}

export interface InboxListResult {
  items: HumanRequestRecord[];
  nextCursor?: string;
}

// Properties that are functions: stricter about parameters than methods would be.
export interface State {
  create: (record: NewHumanRequestRecord) => Promise<void>;
  get: (id: string) => Promise<HumanRequestRecord | null>;
  findByExternalId: (externalId: string) => Promise<HumanRequestRecord | null>;
  findByToken: (token: string) => Promise<HumanRequestRecord | null>;
  setExternalId: (id: string, externalId: string, pluginId?: string) => Promise<void>;
  resolve: (id: string, result: HumanResult) => Promise<void>;
  list: (filter?: InboxListOptions) => Promise<InboxListResult>;
  count: (filter?: InboxCountOptions) => Promise<number>;
  createBatch: (record: NewBatchRecord) => Promise<void>;
  getBatch: (id: string) => Promise<BatchRecord | null>;
  setBatchExternalId: (id: string, externalId: string, pluginId?: string) => Promise<void>;
  listByBatch: (batchId: string) => Promise<HumanRequestRecord[]>;
  appendTimeline: (entry: TimelineEntry) => Promise<void>;
  timeline: (threadId: string) => Promise<TimelineEntry[]>;
  createNotifyDelivery: (record: NewNotifyDeliveryRecord) => Promise<void>;
  getNotifyDelivery: (id: string) => Promise<NotifyDeliveryRecord | null>;
  setNotifyDeliveryExternalId: (id: string, externalId: string) => Promise<void>;
}
