// The longest turn of this process's event loop, in CPU time of its main thread: other work on the machine does not count.
import { openSync, readSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";

/** How often to look, in milliseconds. A turn that is longer delays the look. */
const PACE = 5;

const text = Buffer.alloc(128);
let file;
let timer;
let last = 0;
let longest = 0;

/** The kernel's count, in milliseconds. */
function cpu() {
  file ??= openSync("/proc/self/schedstat", "r");
  return Number(text.toString("latin1", 0, readSync(file, text, 0, text.length, 0)).split(" ")[0]) / 1e6;
}

function look() {
  const now = cpu();
  longest = Math.max(longest, now - last);
  last = now;
}

export function watchTurns() {
  longest = 0;
  last = cpu();
  timer = setInterval(look, PACE);
}

/** The longest since `watchTurns`, in milliseconds. */
export function longestTurn() {
  clearInterval(timer);
  look();
  return longest;
}
