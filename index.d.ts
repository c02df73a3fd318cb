/**
 * The state of a Hitl server on Redis: human requests, batches, timelines and notify deliveries.
 *
 * The types of `@hitl-sdk/hitl` are stated here once more, so that this file needs neither that package nor ioredis.
 *
 * @packageDocumentation
 */

declare global {
  // For projects whose `lib` has no `Symbol.asyncDispose`; merges with TypeScript's own declaration where it has.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

// ------------------------------------------------------------------------- what a human is asked, and what comes back

/** One input of an action's form. */
export type HitlField =
  | { kind: "text"; label: string; default?: string }
  | { kind: "textarea"; label: string; default?: string }
  | { kind: "select"; label: string; options: readonly string[]; default?: string }
  | { kind: "confirm"; label: string; default?: boolean };

/** One way to answer a request: a button, and the form behind it. */
export interface HumanActionDef {
  /** Comes back as `actionId` in the result. A stored `"submit"` reads as `"approve"`. */
  id: string;
  /** The text of the button. */
  label?: string;
  /** The text of the button that sends the form. */
  submitLabel?: string;
  /** The text of the button that leaves the form. */
  closeLabel?: string;
  /** How the button looks. */
  style?: "primary" | "danger" | "default";
  /** The form: its inputs by name. */
  fields?: Record<string, HitlField>;
}

/** The ways to answer a request. */
export type HumanActions = readonly HumanActionDef[];

/** Who decided. */
export type Reviewer = { id?: string; name?: string; email?: string };

/** How a request ended: in time, with an action, or without one. */
export type HumanResult =
  | { type: "TIMED_OUT"; id: string; externalRef: string }
  | {
      type: "RESOLVED";
      actionId: string;
      id: string;
      externalRef: string;
      by?: Reviewer;
      /** The form as filled in, by field name. A `confirm` field holds a boolean at run time. */
      feedbacks: Record<string, string>;
      edited?: boolean;
    };

// ------------------------------------------------------------------------------------------------------------- records

/** A human request as `create` takes it. */
export interface NewHumanRequestRecord {
  /** Unique within the store. */
  id: string;
  /** The workflow engine's resume token. At most one pending request holds it. */
  token: string;
  /** The channel that shows the request to a human; the default plugin id of its external id. */
  channel: string;
  /** Divides the inbox. Letters, digits, `_`, `.` and `-`, at most 128 of them. */
  namespace: string;
  /** What the human is asked, in words. */
  message: string;
  /** What the human may answer. */
  actions: HumanActions;
  /** Any JSON. Stored and returned without loss. */
  context?: Record<string, unknown>;
  /** The batch it belongs to; counts only together with `batchIndex`. */
  batchId?: string;
  /** Its place in the batch: a finite number. */
  batchIndex?: number;
}

/** A human request as it is stored. Absent fields are absent, never `undefined`. */
export interface HumanRequestRecord extends NewHumanRequestRecord {
  status: "pending" | "resolved";
  /** Where the request's own channel shows it. */
  externalId?: string;
  /** Where each plugin shows it, by plugin id. Never empty. */
  externalIds?: Record<string, string>;
  /** Present once it is resolved. */
  result?: HumanResult;
  /** ISO 8601 in UTC with milliseconds, by the clock of the process that created it. */
  createdAt: string;
  /** As `createdAt`, by the clock of the process that resolved it. */
  resolvedAt?: string;
}

/** A batch as `createBatch` takes it. */
export interface NewBatchRecord {
  /** Unique among batches. */
  id: string;
  channel: string;
  message?: string;
  actions?: HumanActions;
  context?: Record<string, unknown>;
}

/** A batch as it is stored. */
export interface BatchRecord extends NewBatchRecord {
  /** Where the batch's own channel shows it. */
  externalId?: string;
  /** Where each plugin shows it, by plugin id. Never empty. */
  externalIds?: Record<string, string>;
  /** ISO 8601 in UTC with milliseconds. */
  createdAt: string;
}

/** One event of a thread. */
export interface TimelineEntry {
  /** Unique among timeline entries. */
  id: string;
  /** The thread: Hitl gives the id of a request or batch. */
  threadId: string;
  message: string;
  detail?: Record<string, unknown>;
  /** Any date that `Date.parse` understands; it orders the thread, to the millisecond. */
  createdAt: string;
}

/** A notification as `createNotifyDelivery` takes it. */
export interface NewNotifyDeliveryRecord {
  /** Unique among notify deliveries. */
  id: string;
  channel: string;
  message: string;
  /** What it belongs to: Hitl gives the id of a request or batch. */
  groupId: string;
}

/** A notification as it is stored. */
export interface NotifyDeliveryRecord extends NewNotifyDeliveryRecord {
  /** Where its channel shows it. */
  externalId?: string;
  /** ISO 8601 in UTC with milliseconds. */
  createdAt: string;
}

// --------------------------------------------------------------------------------------------------------------- inbox

/** Which requests to count. */
export interface InboxCountOptions {
  status?: "pending" | "resolved";
  namespace?: string;
}

/** Which requests to list. */
export interface InboxListOptions {
  status?: "pending" | "resolved";
  namespace?: string;
  /** Size of the page: 1 to 10,000, by default 50. */
  limit?: number;
  /** The `nextCursor` of the page before this one. */
  cursor?: string;
}

/** One page of the inbox, newest first. */
export interface InboxListResult {
  items: HumanRequestRecord[];
  /** Present exactly when an older request remains. */
  nextCursor?: string;
}

// --------------------------------------------------------------------------------------------------------- maintenance

/** What `purge` deletes. */
export interface PurgeOptions {
  /**
   * Requests whose `resolvedAt` is before this instant, to the millisecond. Let it lie well back, by more than any engine
   * or person may come back to a request: an id that is gone can be created anew.
   */
  resolvedBefore: Date;
  /** At most so many requests, those first that were created first: a whole number from 1. By default all of them. */
  limit?: number;
  /** Whether to count only, and delete nothing. By default `false`. */
  dryRun?: boolean;
}

/** What `purge` has deleted, or would. */
export interface PurgeResult {
  requests: number;
  /** Batches whose last item went. */
  batches: number;
  /** Entries of the timelines of these requests and batches. */
  timelineEntries: number;
  /** Notify deliveries of these requests and batches. */
  deliveries: number;
  /** Whether `limit` has held back further requests. */
  more: boolean;
}

/** How `verify` goes about it. */
export interface VerifyOptions {
  /** Whether to mend what has exactly one right answer. By default `false`: nothing is changed. */
  repair?: boolean;
  /**
   * Is told how far it is: at most ten times a second, and once at the end. Its answer is not waited for. What it throws
   * stops nothing; it is warned of once (`process.emitWarning`), and not called again.
   */
  onProgress?: (progress: VerifyProgress) => unknown;
}

/** What `verify` has looked at. What comes or goes meanwhile may be counted or not, and now and then twice. */
export interface VerifySeen {
  requests: number;
  batches: number;
  timelineEntries: number;
  deliveries: number;
  /** Entries of all indexes, resume tokens and external ids. */
  indexEntries: number;
}

/** How far `verify` is. */
export interface VerifyProgress {
  /** `"store"`: records and indexes. `"leftovers"`: what was written without the client's `keyPrefix`. */
  phase: "store" | "leftovers";
  seen: VerifySeen;
  /** Findings so far. */
  found: number;
  /** How many of them were mended. */
  repaired: number;
}

/** A kind of damage. Those in the second half are never mended: nobody but you can know the right answer. */
export type VerifyKind =
  /** An index entry whose record does not exist. */
  | "orphan-entry"
  /** A request that is in none of the inbox's indexes. */
  | "unindexed"
  /** A record that lacks one entry of an index. Not mended for a timeline entry whose date cannot be read. */
  | "missing-entry"
  /** An entry at another place than the record says. */
  | "wrong-score"
  /** A resolved request in an index of pending ones. */
  | "phantom-pending"
  /** A pending request in its namespace's index of resolved ones. */
  | "phantom-resolved"
  /** A resolved request in both status indexes. */
  | "both-statuses"
  /** An entry in the index of a namespace, batch or thread that its record does not name. */
  | "foreign-entry"
  /** A decision that was put back to pending. Mended where the winner's mark still says what it was. */
  | "undone-decision"
  /** An index entry that JavaScript's `resolve` wrote without the client's `keyPrefix`. */
  | "unprefixed-entry"
  /** A request whose resume token leads nowhere. */
  | "missing-token"
  /** A resume token that leads to a record that does not exist, or has another token. */
  | "dangling-token"
  /** An external id of a record that leads nowhere. */
  | "missing-external-id"
  /** An external id that leads to a record that does not exist, or that has it no more while another one has. */
  | "dangling-external-id"
  /** A resolved request with another decision than the one that was made first. */
  | "contradicted-decision"
  /** Two pending requests with one resume token. */
  | "shared-token"
  /** A record that is no JSON object. */
  | "corrupt-record"
  /** A record whose `id` is not that of its key. */
  | "misplaced-record"
  /** A request that is neither pending nor resolved. */
  | "unknown-status"
  /** A key of another type than the layout says. */
  | "wrong-type";

/** How often one kind of damage was found. */
export interface VerifyFinding {
  kind: VerifyKind;
  found: number;
  repaired: number;
}

/** Where something is wrong and was left as it is. */
export interface VerifyUnrepaired {
  kind: VerifyKind;
  /** The key. Of a resume token's key the token itself is left out. */
  key: string;
  /** The id of the record that it is about. */
  id?: string;
}

/** What `verify` has found. It never holds what users wrote, nor a resume token. */
export interface VerifyReport {
  seen: VerifySeen;
  /** All findings together. */
  found: number;
  /** How many of them were mended. */
  repaired: number;
  /** The kinds of damage that were found, by name. */
  findings: VerifyFinding[];
  /** What was not mended: without `repair` all that was found. At most 1,000 places. */
  unrepaired: VerifyUnrepaired[];
  /** How many further places there are. */
  more: number;
}

// ------------------------------------------------------------------------------------------------------------ watching

/** The name of a method whose calls can be watched. */
export type OperationName = Exclude<keyof IoredisState, "close" | typeof Symbol.asyncDispose>;

/** Which call a message is about. */
export interface OperationMessage {
  operation: OperationName;
  /** The name of the store. */
  tableName: string;
  /** The id of the record, batch or thread that the call names. */
  id?: string;
}

/** What the tracing channel of operations shows of a call. The same object at each of its stages. */
export interface OperationTrace extends OperationMessage {
  /** From `error` on: why the call rejects. Never with the words of what the caller's own values have thrown. */
  error?: Error & { code: string; ambiguous?: true };
}

/** A connection has changed. */
export type ConnectionMessage = {
  /** The same for all attempts to open it anew. */
  connection: number;
  /** As `CLIENT LIST` has it, once the settings are known. */
  name?: string;
} & (
  | { state: "connecting" | "ready" | "left" | "closed" }
  | {
      state: "failed" | "lost";
      /** Node's code, or that of the server's refusal. */
      code: string;
    }
  | {
      state: "waiting";
      /** From 1. */
      attempt: number;
      /** In milliseconds. */
      delay: number;
    }
  | { state: "givenUp"; attempt: number }
);

/** A call is sent once more. */
export interface RetryMessage extends OperationMessage {
  /** 1 for the second sending. */
  retry: number;
  /** With the connection, or by the server for now. */
  reason: "lost" | "refused";
  /** Why the connection was lost, or the first word of the refusal. */
  code: string;
}

/** A call has failed although the server may have acted. */
export interface AmbiguousMessage extends OperationMessage {
  /** That of the error. */
  code: string;
}

/** A write has found its own effect. */
export interface ReplayMessage extends OperationMessage {
  /** Whether this package has sent it again; else the caller has made the call again. */
  resent: boolean;
}

/** A write was refused because somebody else was first. */
export interface ConflictMessage extends OperationMessage {
  code: "ALREADY_RESOLVED" | "BATCH_EXISTS" | "DELIVERY_EXISTS" | "ENTRY_EXISTS" | "REQUEST_EXISTS" | "TOKEN_TAKEN";
}

/** A migration has begun, treated some more index entries, or ended. */
export interface MigrationMessage {
  tableName: string;
  migration: "001-initial" | "002-sorted-indexes" | "003-namespace-indexes";
  progress: "started" | "running" | "finished";
  /** Index entries that it has treated. */
  done: number;
  /** How many there were when it began. */
  total: number;
}

/** Something was mended: by `verify`, or by a call that met an undone decision, which has its `id`. */
export interface RepairMessage extends OperationMessage {
  kind: VerifyKind;
  /** How many. */
  repaired: number;
}

/** A record was left out of a result because it cannot be read. */
export interface CorruptMessage {
  operation: "list" | "timeline";
  tableName: string;
  /** Where it is stored. */
  key: string;
}

/** What is published on the channels of `node:diagnostics_channel`, by their names. See `docs/watching.md`. */
export interface StateMessages {
  /** A tracing channel, whose five channels have `tracing:` in front of this name and the stage behind it. */
  "@hitl-sdk/state-ioredis:operation": OperationTrace;
  "@hitl-sdk/state-ioredis:connection": ConnectionMessage;
  "@hitl-sdk/state-ioredis:retry": RetryMessage;
  "@hitl-sdk/state-ioredis:ambiguous": AmbiguousMessage;
  "@hitl-sdk/state-ioredis:replay": ReplayMessage;
  "@hitl-sdk/state-ioredis:conflict": ConflictMessage;
  "@hitl-sdk/state-ioredis:migration": MigrationMessage;
  "@hitl-sdk/state-ioredis:repair": RepairMessage;
  "@hitl-sdk/state-ioredis:corrupt": CorruptMessage;
}

// --------------------------------------------------------------------------------------------------------------- state

/**
 * What a Hitl server asks of its state.
 *
 * Every method answers with a promise and never throws by itself. Calls on one client take effect in the order in which
 * they are made, awaited or not. Each writing method does all that it says or nothing.
 *
 * A rejected promise carries an `Error` with a stable `code`. Each method names those of its own. Besides them, a call
 * can reject with
 * - `INVALID_ARGUMENT` (writes only): an argument that cannot be stored; the message names it,
 * - V8's own `TypeError`, which has no `code` (writes only): `JSON.stringify` refuses a value,
 * - the first word of the server's refusal, such as `OOM`, `READONLY`, `NOPERM` or `WRONGTYPE`,
 * - `CONNECTION_CLOSED`, `COMMAND_TIMEOUT`, `MAX_RETRIES`, `SENTINELS_UNREACHABLE` or `OFFLINE`, as the settings of the
 *   client say,
 * - `INVALID_SETTINGS`: the settings of the client cannot be used,
 * - `UNEXPECTED_REPLY` or `INTERNAL`: a defect, of the server or of this package.
 *
 * Where the server may have acted all the same, the error has `ambiguous: true`.
 */
export interface State {
  /**
   * Stores a pending request and puts it into the inbox.
   *
   * The same call again succeeds and changes nothing, also when the request has been decided meanwhile.
   *
   * Rejects with `REQUEST_EXISTS` when another request has the id, and with `TOKEN_TAKEN` when a pending request has the
   * token.
   */
  create(record: NewHumanRequestRecord): Promise<void>;

  /** The request with this id, or `null`. Rejects with `CORRUPT_RECORD` where its stored value is no JSON object. */
  get(id: string): Promise<HumanRequestRecord | null>;

  /** The request that is shown under this external id, or `null`. Rejects as `get` does. */
  findByExternalId(externalId: string): Promise<HumanRequestRecord | null>;

  /** The request that holds this resume token, or `null`. Rejects as `get` does. */
  findByToken(token: string): Promise<HumanRequestRecord | null>;

  /**
   * Notes where a plugin shows the request, whatever its status. No concurrent call loses it.
   *
   * Rejects with `UNKNOWN_REQUEST`; with `CORRUPT_RECORD`; with `CONTENDED` when other writers changed the record
   * between every attempt to read and to write it.
   *
   * @param pluginId The plugin; by default the request's own channel.
   */
  setExternalId(id: string, externalId: string, pluginId?: string): Promise<void>;

  /**
   * Decides a pending request. Of all callers exactly one succeeds, and a reply that is lost on the way does not cost
   * the winner its success.
   *
   * Rejects with `ALREADY_RESOLVED` for everybody else; with `UNKNOWN_REQUEST`, `CORRUPT_RECORD` and `CONTENDED` as
   * `setExternalId` does.
   */
  resolve(id: string, result: HumanResult): Promise<void>;

  /**
   * A page of the inbox: newest first, requests of the same millisecond by id, descending.
   *
   * Leaves out corrupt records, and reports each of them once as a process warning. Rejects with `INVALID_CURSOR`.
   */
  list(filter?: InboxListOptions): Promise<InboxListResult>;

  /** How many requests the inbox holds. */
  count(filter?: InboxCountOptions): Promise<number>;

  /** Stores a batch. The same call again succeeds. Rejects with `BATCH_EXISTS` when another batch has the id. */
  createBatch(record: NewBatchRecord): Promise<void>;

  /** The batch with this id, or `null`. Rejects with `CORRUPT_RECORD`. */
  getBatch(id: string): Promise<BatchRecord | null>;

  /**
   * Notes where a plugin shows the batch.
   *
   * Rejects with `UNKNOWN_BATCH`, `CORRUPT_RECORD` or `CONTENDED`.
   *
   * @param pluginId The plugin; by default the batch's own channel.
   */
  setBatchExternalId(id: string, externalId: string, pluginId?: string): Promise<void>;

  /** The requests of a batch by `batchIndex`. Rejects with `CORRUPT_RECORD`, because callers go by position. */
  listByBatch(batchId: string): Promise<HumanRequestRecord[]>;

  /**
   * Adds an event to its thread. The same call again succeeds.
   *
   * Rejects with `ENTRY_EXISTS` when another entry has the id, and with `INVALID_ARGUMENT` when `createdAt` is no date.
   */
  appendTimeline(entry: TimelineEntry): Promise<void>;

  /** The events of a thread, oldest first. Leaves out corrupt ones, and reports each once as a process warning. */
  timeline(threadId: string): Promise<TimelineEntry[]>;

  /** Stores a notification. The same call again succeeds. Rejects with `DELIVERY_EXISTS`. */
  createNotifyDelivery(record: NewNotifyDeliveryRecord): Promise<void>;

  /** The notification with this id, or `null`. Rejects with `CORRUPT_RECORD`. */
  getNotifyDelivery(id: string): Promise<NotifyDeliveryRecord | null>;

  /** Notes where the notification is shown. Rejects with `UNKNOWN_DELIVERY`, `CORRUPT_RECORD` or `CONTENDED`. */
  setNotifyDeliveryExternalId(id: string, externalId: string): Promise<void>;
}

/**
 * An ioredis client, version 5 or 6, as far as its type matters here. It stays the caller's: the state reads its
 * options, follows its life and opens one connection of its own beside it.
 */
export interface IoredisClient {
  readonly isCluster: boolean;
  readonly options: object;
  readonly status: string;
  disconnect(reconnect?: boolean): void;
  sendCommand(...command: never[]): unknown;
}

/**
 * Where a server is and how to speak to it, with ioredis's names and meanings; nothing of ioredis need be installed. An
 * option that is left out has the default of ioredis 6. The object is read anew for each connection, so that a
 * `password` may be changed in it; states that are given the same object share a connection.
 */
export interface ConnectionOptions {
  /** A name or an address. By default `"localhost"`. */
  host?: string | null | undefined;
  /** By default 6379. */
  port?: number | undefined;
  /** 4 or 6 to use addresses of that family only; by default 0, both. */
  family?: number | undefined;
  /** The path of a Unix socket, in place of host and port. */
  path?: string | undefined;
  /** The ACL user; by default the one that is called `default`. */
  username?: string | null | undefined;
  password?: string | null | undefined;
  /** The number of the database. By default 0. */
  db?: number | undefined;
  /** Stands in front of every key. */
  keyPrefix?: string | Uint8Array | undefined;
  /** The connection's name in `CLIENT LIST` is this with `:hitl` behind it. By default `"ioredis"`. */
  connectionName?: string | null | undefined;
  /** Whether the server is not told which library it serves. By default `false`. */
  disableClientInfo?: boolean | undefined;
  /** A tag behind the library's name in `CLIENT LIST`. */
  clientInfoTag?: string | undefined;
  /** TLS, with the options of Node's `tls.connect`, or `true` for its defaults. */
  tls?: object | boolean | undefined;
  /** Limit for opening a connection, in milliseconds; 0: none. By default 10,000. */
  connectTimeout?: number | undefined;
  /** Limit for a call, from the moment it is made, in milliseconds. By default none. */
  commandTimeout?: number | undefined;
  /** How long a server that owes an answer may send nothing, in milliseconds. By default 4,000. */
  socketTimeout?: number | undefined;
  /** Idle time before TCP keepalive probes, in milliseconds; 0: the system's. By default 30,000. */
  keepAlive?: number | undefined;
  /** Whether small writes are sent at once. By default `true`. */
  noDelay?: boolean | undefined;
  /**
   * Is told how many connections have failed in a row, and answers after how many milliseconds to open the next one;
   * anything but a number rejects the calls that wait, and the next call begins anew. By default 50 ms that double up to
   * 5,000, and up to 200 by chance.
   */
  retryStrategy?: ((attempt: number) => unknown) | null | undefined;
  /** After how many connections that failed waiting calls reject; `null`: never. By default 20. */
  maxRetriesPerRequest?: number | null | undefined;
  /** Is told a refusal of the server: `true` or 1 opens a new connection, 2 makes the call again on it, too. */
  reconnectOnError?: ((error: Error) => boolean | 1 | 2) | null | undefined;
  /** Whether calls wait while there is no connection. By default `true`. */
  enableOfflineQueue?: boolean | undefined;
  /** Whether a call that has no answer is made again on the next connection. By default `true`. */
  autoResendUnfulfilledCommands?: boolean | undefined;
  /** Whether a new connection waits until the server has loaded its data. By default `true`. */
  enableReadyCheck?: boolean | undefined;
  /**
   * How long a server may say that it cannot serve now, such as `LOADING`, before a call rejects with its words, in
   * milliseconds. By default 10,000. A call with a `commandTimeout` waits as long as that says.
   */
  maxLoadingRetryTime?: number | undefined;
  /** Whether the connection is for reading only, from a replica. By default `false`. */
  readOnly?: boolean | undefined;
  /** Where sentinels are, in place of host and port; by default `localhost` and 26379. */
  sentinels?:
    | readonly { host?: string | undefined; port?: number | undefined; family?: number | undefined }[]
    | null
    | undefined;
  /** The name under which the sentinels know the servers. */
  name?: string | null | undefined;
  /** Whether to use the primary or a replica. By default `"master"`. */
  role?: "master" | "slave" | undefined;
  /** The ACL user and the password of the sentinels, which have their own. */
  sentinelUsername?: string | null | undefined;
  sentinelPassword?: string | null | undefined;
  /** TLS with the sentinels. */
  sentinelTLS?: object | undefined;
  /** Whether `tls` is for the server that the sentinels name. By default `false`. */
  enableTLSForSentinelMode?: boolean | undefined;
  /** Limit for the answer of a sentinel, in milliseconds. By default none. */
  sentinelCommandTimeout?: number | undefined;
  /** As {@link retryStrategy}, when no sentinel names a server. By default 10 ms more each time, up to 1,000. */
  sentinelRetryStrategy?: ((round: number) => unknown) | null | undefined;
  /** Whether the sentinels are asked for others. By default `true`. */
  updateSentinels?: boolean | undefined;
  /** Where the servers are that sentinels see at `host:port`: `{ "10.0.0.5:6379": { host, port } }`. */
  natMap?: object | null | undefined;
  /** Replicas in the order in which they are wanted: `[{ ip, port, prio }]`, with `port` as text. */
  preferredSlaves?: object | null | undefined;
  /** A class of your own whose `connect()` promises an open socket; it is made with these options. */
  Connector?: (abstract new (...options: never[]) => object) | undefined;
  /** A client is no options object, nor is a class, a `URL` or a Promise. */
  sendCommand?: never;
  prototype?: never;
  href?: never;
  then?: never;
}

/** Which store on a server it is. */
export interface IoredisStateOptions {
  /**
   * The name of the store, one identifier or two: `name` or `schema.name`. It becomes the prefix of every key, with
   * `:` for the dot. By default {@link DEFAULT_TABLE}.
   */
  tableName?: string;
}

/** The table name of a store that is not given one. */
export declare const DEFAULT_TABLE: "hitl.human_requests";

/** What the keys of that store begin with, behind the client's `keyPrefix`. */
export declare const DEFAULT_PREFIX: "hitl:human_requests";

/** The layout of the keys that this version reads and writes. */
export declare const SCHEMA_VERSION: 3;

/**
 * The state of a Hitl server on Redis 6.2 or newer, or Valkey.
 *
 * ```ts
 * const state = new IoredisState(new Redis(process.env.REDIS_URL));
 * await state.ensureSchema();
 * ```
 */
export declare class IoredisState implements State {
  /**
   * Does no input or output: the first call opens the connection. That of a client lives as long as the client; that of
   * a URL or of options until {@link close}. Neither keeps the process alive.
   *
   * @param redis A client of ioredis 5 or 6. Or a URL with ioredis's options behind the `?`, all of them texts to it:
   *   `redis://user:password@host:6379/0`, `rediss://` for TLS, `unix:///path/to/redis.sock?db=0`. Or options.
   * @throws Error `Invalid table name "…"`, with the code `INVALID_TABLE_NAME`.
   * @throws TypeError when this version cannot serve what it was given; the message says what it is about it.
   */
  constructor(redis: IoredisClient | ConnectionOptions | string, options?: IoredisStateOptions);

  /**
   * Brings an older store to {@link SCHEMA_VERSION} while it is in use. Does nothing on a store that is there already,
   * but always asks. Without it the first operation does the same.
   */
  ensureSchema(): Promise<void>;

  create(record: NewHumanRequestRecord): Promise<void>;
  get(id: string): Promise<HumanRequestRecord | null>;
  findByExternalId(externalId: string): Promise<HumanRequestRecord | null>;
  findByToken(token: string): Promise<HumanRequestRecord | null>;
  setExternalId(id: string, externalId: string, pluginId?: string): Promise<void>;
  resolve(id: string, result: HumanResult): Promise<void>;
  list(filter?: InboxListOptions): Promise<InboxListResult>;
  count(filter?: InboxCountOptions): Promise<number>;
  createBatch(record: NewBatchRecord): Promise<void>;
  getBatch(id: string): Promise<BatchRecord | null>;
  setBatchExternalId(id: string, externalId: string, pluginId?: string): Promise<void>;
  listByBatch(batchId: string): Promise<HumanRequestRecord[]>;
  appendTimeline(entry: TimelineEntry): Promise<void>;
  timeline(threadId: string): Promise<TimelineEntry[]>;
  createNotifyDelivery(record: NewNotifyDeliveryRecord): Promise<void>;
  getNotifyDelivery(id: string): Promise<NotifyDeliveryRecord | null>;
  setNotifyDeliveryExternalId(id: string, externalId: string): Promise<void>;

  /**
   * Deletes requests that were resolved before a date, with everything that belongs to them: their places in all
   * indexes, resume token and external ids as far as these still lead to them, the timeline whose `threadId` is the
   * request's id, the notify deliveries whose `groupId` is; with the last item of a batch the batch, its external ids,
   * and what is named after it in the same way. Nothing comes back. Pending requests are never touched.
   *
   * Each request is deleted in one step on the server, and the whole in many short ones: other calls go on meanwhile,
   * on this client as well, and a purge that was cut off is taken up by the next one.
   *
   * Resolves with what was deleted. Rejects with `INVALID_ARGUMENT` (a `TypeError`); what was deleted until a call
   * rejects stays deleted. `docs/operations.md` has the details.
   */
  purge(options: PurgeOptions): Promise<PurgeResult>;

  /**
   * Looks through the whole store while it is in use, compares records and indexes, and reports what is wrong; with
   * `repair` it mends what has exactly one right answer, each finding in one step on the server that looks once more
   * before it writes. Live requests are safe, those of the JavaScript version as well.
   *
   * It goes in many short steps, with the same memory for a store of any size; other calls go on meanwhile. A run that
   * was cut off has left a store in order, and the next one goes on: a second run finds nothing more to mend. It reads
   * each record about four times, so give it a quiet hour.
   *
   * Resolves with the report, also when much is wrong. Rejects with `INVALID_ARGUMENT` (a `TypeError`). See
   * `docs/operations.md`.
   */
  verify(options?: VerifyOptions): Promise<VerifyReport>;

  /**
   * Ends this instance: later calls on it reject with `CONNECTION_CLOSED`. With the last instance on a client, the
   * connection beside that client closes, once the calls made so far are done, for which it waits up to a second.
   *
   * Nobody needs it: the state ends with the client and keeps no process alive. The client stays open.
   */
  close(): Promise<void>;

  /** The same as {@link IoredisState.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
