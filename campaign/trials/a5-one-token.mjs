// A5: a workflow engine sends its request again and again, and each time another replica gets it under another id.

import { verdict } from "../../__test__/support/assertions.mjs";
import { request } from "../../__test__/support/records.mjs";
import { each, numbered } from "../../__test__/support/writes.mjs";
import { checkStore } from "../support/sound.mjs";

const TABLE = "a5";
const REPLICAS = 4;
const AT_ONCE = 64;

export const trial = {
  id: "A5",
  title: "Four replicas create requests for one resume token at once",
  promise: "one request lives, the token finds it, and the others are refused with its id",
  unit: "tokens",
  full: 10_000,
  shard: 10_000,
  short: 500,
  javascript: { full: 2000, short: 200, breaks: true },
  async run({ side, count, chance, open, server, fault, did }) {
    const redis = await server();
    const states = Array.from({ length: REPLICAS }, () => open(redis.client(), TABLE));
    await states[0].ensureSchema();
    const work = async (name) => {
      const token = `token-${name}`;
      // Each has asked for the token, as a Hitl server does, and found nothing.
      const ask = async (n) => {
        const id = `${name}-${n}`;
        return { id, ...(await verdict(states[n].create(request({ id, token })))) };
      };
      const answers = await Promise.all(chance.shuffled([...states.keys()]).map(ask));
      const owners = answers.filter(({ error }) => !error);
      if (owners.length === 0) fault("nobody owns the token", name);
      if (owners.length > 1) fault("two live requests for one token", `${owners.map(({ id }) => id)}`);
      const owner = (await states[0].findByToken(token))?.id;
      if (owners.length === 1 && owner !== owners[0].id) fault("the token finds another request", `${name}: ${owner}`);
      for (const { id, error } of answers) {
        if (!error) continue;
        const told = `Resume token already belongs to human request "${owner}"`;
        if (error.code !== "TOKEN_TAKEN" || error.message !== told) {
          fault("a refusal does not name the owner", `${id}: ${error.code} ${error.message}`);
        }
        if ((await states[0].get(id)) !== null) fault("a refused request is there", id);
      }
      did();
    };
    await each(
      Array.from({ length: count }, (_, n) => numbered(n)),
      work,
      AT_ONCE,
    );
    if ((await states[0].count()) !== count) fault("the store has another number of requests", await states[0].count());
    if (side === "native") await checkStore(fault, redis.client(), TABLE);
  },
};
