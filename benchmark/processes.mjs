// Processes of the comparison: each is told what to do, one thing after the other, and answers.

import { fork } from "node:child_process";
import { once } from "node:events";

/** Starts a module that `answers()`, of this folder or by its URL; it runs until `close()`. */
export async function start(module, args, name = module) {
  const child = fork(new URL(module, import.meta.url), args.map(String), { execArgv: ["--expose-gc"] });
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${name} ended with ${code ?? signal}`);
  });
  ended.catch(() => {});
  const answer = async () => {
    const [{ result, error }] = await Promise.race([once(child, "message"), ended]);
    if (error) throw new Error(`${name}: ${error}`);
    return result;
  };
  await answer();
  return {
    name,
    pid: child.pid,
    /** Ends it at once. */
    kill() {
      child.kill("SIGKILL");
      return ended.catch(() => {});
    },
    do(task, options) {
      child.send({ task, options });
      return answer();
    },
    async close() {
      if (!child.connected) return;
      child.disconnect();
      await ended.catch(() => {});
    },
  };
}

/** The far end: does the tasks that it is told, and ends with the process that started it. */
export function answers(tasks) {
  process.on("message", async ({ task, options }) => {
    let answer;
    try {
      answer = { result: await tasks[task](options) };
    } catch (error) {
      answer = { error: `${task} ${options?.operation ?? ""}: ${error.stack}` };
    }
    if (process.connected) process.send(answer);
  });
  process.on("disconnect", () => process.exit());
  process.send({ result: "ready" });
}
