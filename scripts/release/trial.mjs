// A server that has installed the package makes an approval, with `import` and with `require`, at the Redis of REDIS_URL;
// where there is none, as on machines that have no Redis, it is told so by the operating system, in time.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { listen, SetupError } from "../run.mjs";

const NOWHERE = 1;

const APPROVAL = `
async function approve(id) {
  const url = process.env.REDIS_URL;
  const state = new IoredisState(url ?? { host: "127.0.0.1", port: ${NOWHERE}, maxRetriesPerRequest: 0 }, { tableName: "trial" });
  if (url === undefined) {
    const error = await state.get(id).then(() => undefined, (reason) => reason);
    if (error?.code !== "MAX_RETRIES" || error.cause?.code !== "ECONNREFUSED") throw error ?? new Error("an answer");
  } else {
    await state.create({ id, token: id, channel: "trial", namespace: "trial", message: "Pay?", actions: [] });
    await state.resolve(id, { type: "TIMED_OUT", id, externalRef: id });
    const { result } = await state.get(id);
    if (result.type !== "TIMED_OUT") throw new Error(JSON.stringify(result));
    await state.purge({ resolvedBefore: new Date(Date.now() + 60_000) });
  }
  await state.close();
  console.log("approved");
}
`;

const SERVERS = {
  "trial.mjs": `import { IoredisState } from "@hitl-sdk/state-ioredis";\n${APPROVAL}\nawait approve("with-import");\n`,
  "trial.cjs": `const { IoredisState } = require("@hitl-sdk/state-ioredis");\n${APPROVAL}\napprove("with-require");\n`,
};

/** Runs both in a project that has installed the package. */
export function tryOut(home) {
  for (const [file, text] of Object.entries(SERVERS)) {
    writeFileSync(join(home, file), text);
    const { status, stdout, stderr } = listen(process.execPath, [file], { cwd: home });
    if (status !== 0 || stdout !== "approved\n") throw new SetupError(`${file}: ${stdout}${stderr}`);
  }
  console.log(`approved: ${process.platform} ${process.arch}, Node ${process.version}, import and require`);
}
