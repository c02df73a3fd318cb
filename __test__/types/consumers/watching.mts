// The messages of docs/watching.md, for who subscribes with Node's own types.

import { subscribe, tracingChannel } from "node:diagnostics_channel";
import type {
  ConnectionMessage,
  OperationName,
  OperationTrace,
  StateMessages,
  VerifyKind,
} from "@hitl-sdk/state-ioredis";

type Message<Channel extends string> = StateMessages[`@hitl-sdk/state-ioredis:${Channel}` & keyof StateMessages];

subscribe("@hitl-sdk/state-ioredis:retry", (message) => {
  const { operation, id, retry, reason, code } = message as Message<"retry">;
  const name: OperationName = operation;
  const about: [string | undefined, number, "lost" | "refused", string] = [id, retry, reason, code];
  console.log(name, about);
});

subscribe("@hitl-sdk/state-ioredis:repair", (message) => {
  const kind: VerifyKind = (message as Message<"repair">).kind;
  console.log(kind);
});

export const channels: (keyof StateMessages)[] = [
  "@hitl-sdk/state-ioredis:ambiguous",
  "@hitl-sdk/state-ioredis:conflict",
  "@hitl-sdk/state-ioredis:connection",
  "@hitl-sdk/state-ioredis:corrupt",
  "@hitl-sdk/state-ioredis:migration",
  "@hitl-sdk/state-ioredis:operation",
  "@hitl-sdk/state-ioredis:repair",
  "@hitl-sdk/state-ioredis:replay",
  "@hitl-sdk/state-ioredis:retry",
];

const ignore = () => {};
tracingChannel<unknown, OperationTrace>("@hitl-sdk/state-ioredis:operation").subscribe({
  start: ({ operation, tableName }) => console.log(operation, tableName),
  end: ignore,
  asyncStart: ignore,
  asyncEnd: ignore,
  error: (call: OperationTrace) => console.log(call.error?.code, call.error?.ambiguous),
});

export function told(change: ConnectionMessage): string {
  switch (change.state) {
    case "lost":
    case "failed":
      return change.code;
    case "waiting":
      return `${change.attempt}: ${change.delay} ms`;
    case "givenUp":
      return `${change.attempt}`;
    default:
      // @ts-expect-error only a failure has a code
      return change.code ?? change.state;
  }
}

// @ts-expect-error close() is no operation
export const none: OperationName = "close";
