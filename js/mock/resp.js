// RESP2, from the server's side: requests in, replies out.

/** Takes requests apart: arrays of bulk strings, as our connection writes them. */
class Requests {
  constructor() {
    this.chunks = [];
  }

  /** The requests, each a list of texts, that are complete with this chunk. */
  push(chunk) {
    this.chunks.push(chunk);
    const bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const requests = [];
    let at = 0;
    for (let read = readRequest(bytes, at); read !== undefined; read = readRequest(bytes, at)) {
      requests.push(read.request);
      at = read.end;
    }
    this.chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    return requests;
  }
}

function readRequest(bytes, start) {
  const count = readCount(bytes, start);
  if (count === undefined) {
    return undefined;
  }
  const request = [];
  let at = count.end;
  while (request.length < count.value) {
    const length = readCount(bytes, at);
    const end = length && length.end + length.value;
    if (length === undefined || end + 2 > bytes.length) {
      return undefined;
    }
    request.push(bytes.toString("utf8", length.end, end));
    at = end + 2;
  }
  return { request, end: at };
}

/** The number in a line such as `*3` or `$5`, and where the next one starts. */
function readCount(bytes, start) {
  const end = bytes.indexOf("\r\n", start);
  return end < 0 ? undefined : { value: Number(bytes.toString("latin1", start + 1, end)), end: end + 2 };
}

/** A value that a method of a client has answered, as a reply. */
function reply(value) {
  if (value === null || value === undefined) {
    return "$-1\r\n";
  }
  if (Array.isArray(value)) {
    return `*${value.length}\r\n${value.map(reply).join("")}`;
  }
  if (typeof value === "number") {
    return `:${value}\r\n`;
  }
  if (typeof value === "string" || Buffer.isBuffer(value)) {
    return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
  }
  return refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
}

const status = (text) => `+${text}\r\n`;

function refusal(message) {
  const line = String(message).replace(/[\r\n]+/g, " ");
  return `-${/^[A-Z]+ /.test(line) ? line : `ERR ${line}`}\r\n`;
}

module.exports = { Requests, refusal, reply, status };
