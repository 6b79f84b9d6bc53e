// A reconnect storm: all clients of a router are cut off at once, and come back with the delays of autobahn-js.
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { answer, ask, freePort, startLoad, startRouter } from "./targets.mjs";

export const CLIENTS = 10_000;

/** How long the sessions that stay call before the storm, in milliseconds: to compile their code, and to see what they cost. */
const CALM = 2000;

const WAYS = {
  fin: "that end their connections (FIN)",
  rst: "whose connections break (RST)",
  kill: "of a router that is killed and starts again",
};

export const storms = Object.entries(WAYS).map(([how, what]) => ({
  kind: "storm",
  how,
  name: `reconnect, clients ${what}`,
}));

async function result(child, job) {
  child.send(job);
  const { result: value, error } = await answer(child);
  if (error !== undefined) throw new Error(error);
  return value;
}

/** The CPU time of all threads of a process, in seconds. */
function cpuOf({ pid }) {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).reduce((sum, thread) => {
    try {
      return sum + Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e9;
    } catch {
      return sum; // the thread has ended
    }
  }, 0);
}

/** Measures one storm, at a router of its own. */
export async function measureStorm({ how }, clients) {
  const port = await freePort();
  let { child: router, url } = await startRouter(0, port);
  const flock = (await startLoad(1, "flock.mjs")).child;
  const stayers = (await startLoad(1, "stayers.mjs")).child;
  /** Until all are in again. @param calm the CPU time that the router takes in a second without them */
  const watched = async (storm, calm) => {
    const before = cpuOf(router);
    await ask(router, "watch turns");
    const { seconds, refused, cut } = await storm();
    const { longest: turn } = await ask(router, "longest turn");
    return { clients, seconds, refused, cut, turn, cpu: ((cpuOf(router) - before - calm * seconds) / clients) * 1e6 };
  };
  try {
    await result(flock, { url, clients });
    if (how === "kill") {
      const storm = result(flock, { how: null });
      router.kill("SIGKILL");
      await once(router, "exit");
      router = (await startRouter(0, port)).child;
      return await watched(() => storm, 0);
    }
    await result(stayers, { url });
    const before = cpuOf(router);
    await new Promise((resolve) => setTimeout(resolve, CALM));
    const calm = ((cpuOf(router) - before) * 1000) / CALM;
    await result(stayers, {});
    const storm = await watched(() => result(flock, { how }), calm);
    return { ...storm, ...(await result(stayers, {})) };
  } finally {
    for (const child of [router, flock, stayers]) child.kill("SIGKILL");
  }
}
