import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives the run a folder for all that is temporary, to the processes too that tests start: `after-run.mjs` removes it. */
export default async function beforeRun() {
  process.env.TMPDIR = await mkdtemp(join(tmpdir(), "wampgate-tests-"));
}
