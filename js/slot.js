// Where a Cluster keeps a key: the slot is the CRC16 of the key, or of its hash tag if it has one.

const SLOTS = 16_384;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** The hash tag of a key: what is between its first brace and the next closing one, unless that is nothing. */
function hashTagOf(key) {
  const start = key.indexOf(OPENING) + 1;
  const end = start === 0 ? -1 : key.indexOf(CLOSING, start);
  return end > start ? key.subarray(start, end) : undefined;
}

/** The slot of a key (a Buffer). */
function slotOf(key) {
  return crc16(hashTagOf(key) ?? key) % SLOTS;
}

/** The name of a key in the slot of those that start with `prefix` (a Buffer): one of them, if text can say it. */
function keyBeside(prefix) {
  const text = String(prefix);
  if (Buffer.from(text).equals(prefix)) {
    return `${text}:meta:migrations`;
  }
  const slot = slotOf(prefix);
  for (let n = 0; ; n++) {
    if (slotOf(Buffer.from(String(n))) === slot) {
      return String(n);
    }
  }
}

/** CRC-16/XMODEM. */
function crc16(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
  }
  return crc;
}

module.exports = { hashTagOf, keyBeside, slotOf };
