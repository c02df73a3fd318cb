// Whom the server talks to: the workflow engine that waits for decisions, and the channels where people see requests.

import type { HumanResult } from "@hitl-sdk/hitl";
import type { HumanActions } from "@hitl-sdk/hitl/state";

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answers ${response.status}`);
  return response.json();
}

/** Workflows that stand still until a human has decided. Being told twice does them no harm. */
export class Engine {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async resume(token: string, result: HumanResult): Promise<void> {
    await post(`${this.#url}/resume`, { token, result });
  }
}

/** What a channel shows: a question with buttons, or only a message. */
export interface Shown {
  id: string;
  message: string;
  actions?: HumanActions;
}

/** What brings messages to people, and their clicks back. */
export interface Channel {
  /** Shows something, and returns by which id the channel knows it. */
  show(shown: Shown): Promise<string>;
}

/** A channel that takes messages by HTTP, as most of them do. */
export class WebhookChannel implements Channel {
  readonly #url: string;

  constructor(url: string, name: string) {
    this.#url = `${url}/channels/${encodeURIComponent(name)}`;
  }

  async show(shown: Shown): Promise<string> {
    const { externalId } = (await post(this.#url, shown)) as { externalId: string };
    return externalId;
  }
}

/** The channels by name, made when they are first asked for. */
export class Channels {
  readonly #url: string;
  readonly #channels = new Map<string, Channel>();

  constructor(url: string) {
    this.#url = url;
  }

  get(name: string): Channel {
    const channel = this.#channels.get(name) ?? new WebhookChannel(this.#url, name);
    this.#channels.set(name, channel);
    return channel;
  }
}
