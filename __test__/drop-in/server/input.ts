// What comes in by HTTP is anybody's: it is looked at before it is used.

import type { Reviewer } from "@hitl-sdk/hitl/adapter";
import type { HumanActions } from "@hitl-sdk/hitl/state";

/** What was asked for cannot be done, by a fault of whoever asked. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a request: an object, of which each member is asked for by name and kind. */
export class Input {
  readonly #members: Record<string, unknown>;

  constructor(body: unknown) {
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw new Refusal(400, "Send a JSON object");
    this.#members = body as Record<string, unknown>;
  }

  text(name: string): string {
    const value = this.#members[name];
    if (typeof value !== "string" || value === "") throw new Refusal(400, `"${name}" must be a text`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#members[name] === undefined ? undefined : this.text(name);
  }

  optionalNumber(name: string): number | undefined {
    const value = this.#members[name];
    if (value === undefined) return undefined;
    if (typeof value !== "number") throw new Refusal(400, `"${name}" must be a number`);
    return value;
  }

  optionalObject(name: string): Record<string, unknown> | undefined {
    const value = this.#members[name];
    if (value === undefined) return undefined;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Refusal(400, `"${name}" must be an object`);
    }
    return value as Record<string, unknown>;
  }

  list(name: string): unknown[] {
    const value = this.#members[name] ?? [];
    if (!Array.isArray(value)) throw new Refusal(400, `"${name}" must be a list`);
    return value;
  }

  actions(): HumanActions {
    return this.list("actions") as HumanActions;
  }

  texts(name: string): Record<string, string> {
    return (this.optionalObject(name) ?? {}) as Record<string, string>;
  }

  reviewer(): Reviewer | undefined {
    return this.optionalObject("by") as Reviewer | undefined;
  }
}
