import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";

/** Removes what `before-run.mjs` made. */
export default async function afterRun() {
  await rm(tmpdir(), { recursive: true, force: true, maxRetries: 5 });
}
