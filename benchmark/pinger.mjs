// How long the server keeps others waiting: a connection that asks it for a sign of life, over and over, in a process
// of its own.

import { connect } from "node:net";
import { answers } from "./processes.mjs";

/** Pause between two questions, in ms. */
const PAUSE = 1;

const socket = connect(Number(process.argv[2]), "127.0.0.1").setNoDelay(true);
let asked = 0;
let longest = 0;

function ask() {
  asked = performance.now();
  socket.write("PING\r\n");
}

socket.on("data", () => {
  longest = Math.max(longest, performance.now() - asked);
  setTimeout(ask, PAUSE);
});
socket.on("connect", ask);

answers({
  /** The longest answer since the last question of this kind, in ms: also one that is still awaited. */
  longest() {
    const answer = Math.max(longest, performance.now() - asked - PAUSE);
    longest = 0;
    return answer;
  },
});
