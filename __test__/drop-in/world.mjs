// The world around the server: channels that show messages, and the workflow engine that is told of decisions. Both
// remember everything. One HTTP server plays them, as webhooks do.

import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

class World {
  #server;
  #news = new EventEmitter().setMaxListeners(0);
  #messages = new Map();
  /** What the engine was told: all results by token. */
  #told = new Map();

  constructor(server) {
    this.#server = server;
    server.on("request", async (request, response) => {
      const [, kind, channel] = request.url.split("/");
      const body = await bodyOf(request);
      const answer = kind === "resume" ? this.#resume(body) : this.#show(channel, body);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** A channel that is sent a message twice shows it once, as chat systems do by the sender's id of it. */
  #show(channel, { id, message, actions }) {
    const name = `${channel}/${id}`;
    if (!this.#messages.has(name)) {
      this.#messages.set(name, { channel, id, message, actions, externalId: `${channel}:${this.#messages.size}` });
      this.#news.emit(name);
    }
    return { externalId: this.#messages.get(name).externalId };
  }

  #resume({ token, result }) {
    this.#told.set(token, [...this.toldOf(token), result]);
    this.#news.emit(`resumed ${token}`);
    return {};
  }

  /** The message of this id in a channel, once it is there. */
  async shown(channel, id) {
    const name = `${channel}/${id}`;
    if (!this.#messages.has(name)) await once(this.#news, name);
    return this.#messages.get(name);
  }

  /** All messages in a channel. */
  messagesIn(channel) {
    return [...this.#messages.values()].filter((message) => message.channel === channel);
  }

  /** What the engine was told first about this workflow, once it was told. */
  async resumed(token) {
    if (!this.#told.has(token)) await once(this.#news, `resumed ${token}`);
    return this.#told.get(token)[0];
  }

  /** All that the engine was told about this workflow so far. */
  toldOf(token) {
    return this.#told.get(token) ?? [];
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

export async function openWorld() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return new World(server);
}
