// Races of eight connections in four processes to decide the same requests, in rounds that all processes begin at once.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROCESSES = 4;

/** How many requests one round is about: few, so that all racers are at the same ones at the same time. */
const ROUND = 64;

const program = fileURLToPath(new URL("racer.mjs", import.meta.url));

/** What a process says next. */
async function heard(child) {
  const over = new AbortController();
  const said = once(child, "message", over).then(([message]) => message);
  const ended = once(child, "exit", over).then(([code, signal]) => {
    throw new Error(`a process of racers ended with ${code ?? signal}`);
  });
  try {
    return await Promise.race([said, ended]);
  } finally {
    over.abort();
  }
}

async function startProcess(number, settings) {
  const child = fork(program, [JSON.stringify({ process: number, ...settings })]);
  await heard(child);
  return child;
}

/** What this process's racers come to with these ids. */
function answers(child, ids) {
  child.send(ids);
  return heard(child);
}

/**
 * Has all racers decide each of `ids`, in rounds. `onRound(ids, racers)` is told what each racer came to: `{ name, won:
 * [id], refused: [[id, code, message]] }`.
 *
 * @param {object} trial of which `side`, `published`, `chance` and `atEnd` are used
 * @param {{ connection: object, tableName: string, ids: string[] }} settings `connection`: options of ioredis
 */
export async function race({ side, published, chance, atEnd }, { connection, tableName, ids }, onRound) {
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, (_, number) => {
      const seed = chance.below(2 ** 32);
      return startProcess(number, { seed, side, published, connection, tableName });
    }),
  );
  atEnd(() => children.forEach((child) => child.kill()));
  for (let at = 0; at < ids.length; at += ROUND) {
    const round = ids.slice(at, at + ROUND);
    // Who is told first is a little ahead.
    const racers = await Promise.all(chance.shuffled(children).map((child) => answers(child, round)));
    await onRound(round, racers.flat());
  }
}
