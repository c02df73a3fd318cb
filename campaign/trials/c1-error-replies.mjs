// C1: the server answers with each of its errors: at the first sending of a call, at the second, or when a call is sent
// again because the reply to its first sending, which the server has executed, was lost.

import { isDeepStrictEqual } from "node:util";
import { startAnswering } from "../../__test__/support/answering.mjs";
import { verdict } from "../../__test__/support/assertions.mjs";
import { keysOf } from "../../__test__/support/layout.mjs";
import { startProxy } from "../../__test__/support/proxy.mjs";
import { prepareReads, READS } from "../../__test__/support/reads.mjs";
import { numbered, WRITES } from "../../__test__/support/writes.mjs";
import { IoredisState } from "../../index.js";
import { checkStore } from "../support/sound.mjs";

const TABLE = "c1";
const LOADING = "LOADING Redis is loading the dataset in memory";

/** Errors that pass by themselves: the call goes on, and succeeds. */
const PASSING = [
  LOADING,
  "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  "READONLY You can't write against a read only replica.",
  "NOSCRIPT No matching script. Please use EVAL.",
];

/** Errors that are the answer, with their first word as the code. What only a cluster says means nothing here. */
const FINAL = [
  "OOM command not allowed when used memory > 'maxmemory'.",
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
  "NOREPLICAS Not enough good replicas to write.",
  "NOAUTH Authentication required.",
  "WRONGPASS invalid username-password pair or user is disabled.",
  "NOPERM this user has no permissions to run the command",
  "NOPROTO unsupported protocol version",
  "WRONGTYPE Operation against a key holding the wrong kind of value",
  "EXECABORT Transaction discarded because of previous errors.",
  "UNKILLABLE Sorry the script already executed write commands against the dataset.",
  "NOTBUSY No scripts in execution right now.",
  "UNBLOCKED client unblocked via CLIENT UNBLOCK",
  "BUSYKEY Target key name already exists.",
  "IOERR error or timeout reading from target instance",
  "MOVED 1234 127.0.0.1:7000",
  "ASK 1234 127.0.0.1:7000",
  "TRYAGAIN Multiple keys request during rehashing of slot",
  "CLUSTERDOWN The cluster is down",
  "ERR unknown command",
];

const MOMENTS = {
  "at the first sending": (error) => [error],
  "at the second sending": (error) => [LOADING, error],
  "when sent again": (error) => [error],
};

const SENT_AGAIN = "when sent again";

/** All cells: each call × each error × each moment. */
const CELLS = [...WRITES, ...READS].flatMap((subject) =>
  [...PASSING, ...FINAL].flatMap((error) => Object.keys(MOMENTS).map((moment) => ({ subject, error, moment }))),
);

/** What is wrong with how a call ended, in words. */
function* wrongs({ error: said, moment, subject }, { error, value }, { side, took, expected }) {
  if (PASSING.includes(said)) {
    if (error) yield "an error that passes ends a call";
    else if (subject.took && !took) yield "a write is reported as done, and is not";
  } else if (!error) yield "an error of the server is taken for success";
  else if (!said.startsWith(error.message)) yield "the error is told in other words";
  else if (side === "native" && error.code !== said.split(" ")[0]) yield "the error has another code";
  if (subject.took && error && took && !error.ambiguous) yield "a write is reported as not done, and is";
  if (error?.ambiguous && moment !== SENT_AGAIN) yield "a plain no is told as a maybe";
  if (!error && expected !== undefined && !isDeepStrictEqual(value, expected)) yield "a read answers something else";
  if (error?.ambiguous && !subject.took) yield "a read is told as ambiguous";
}

export const trial = {
  id: "C1",
  title: `${PASSING.length + FINAL.length} error replies, for each call at three moments`,
  promise: "what passes is waited out, all else is told with its code, and what may have been executed as ambiguous",
  unit: "answers",
  full: CELLS.length,
  shard: CELLS.length,
  short: 100,
  javascript: { full: 300, short: 60, breaks: true },
  async run({ side, count, chance, open, server, atEnd, fault, tally, did }) {
    const redis = await server();
    const losing = await startProxy(redis);
    const answering = await startAnswering(losing);
    atEnd(() => losing.stop());
    atEnd(() => answering.stop());
    const db = redis.client();
    const near = new IoredisState(db, { tableName: TABLE });
    // The proxy knows our connection by its name; the JavaScript version has none of its own.
    const name = side === "native" ? {} : { connectionName: "hitl" };
    const options = { ...name, port: answering.port, maxRetriesPerRequest: null, retryStrategy: () => 0 };
    const far = open(redis.client(options), TABLE);
    await far.ensureSchema();
    await prepareReads(near);

    for (const [n, cell] of chance.shuffled(CELLS).slice(0, count).entries()) {
      const { subject, error, moment } = cell;
      const id = numbered(n);
      await subject.prepare?.(near, id, db, keysOf(TABLE));
      const expected = subject.took ? undefined : await subject.call(near);
      const lost = moment === SENT_AGAIN ? losing.loseReplies() : undefined;
      // Those that are to be met again are armed when the first reply is lost.
      if (lost) lost.fired.then(() => answering.answer(MOMENTS[moment](error)));
      else answering.answer(MOMENTS[moment](error));
      const ended = await verdict(subject.call(far, id));
      const where = `${subject.name}, ${error.split(" ")[0]} ${moment}: ${ended.error?.message ?? "done"}`;
      if (answering.left > 0 && !ended.error) fault("the call did not ask the server", where);
      losing.disarm();
      answering.answer([]);
      const took = subject.took && (await subject.took(near, id));
      for (const kind of wrongs(cell, ended, { side, took, expected })) fault(kind, where);
      if (ended.error?.ambiguous) tally("told as ambiguous");
      if (subject.took) {
        const { error: again } = await verdict(subject.call(near, id));
        if (again && !(took && again.code === subject.again)) fault("the same call again does not converge", where);
      }
      did();
    }
    await checkStore(fault, db, TABLE, "the store is not sound");
  },
};
