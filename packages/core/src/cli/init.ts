import { randomUUID } from "node:crypto";
import { access, rename, rm, writeFile } from "node:fs/promises";
import { METHOD_PACKAGES } from "../config/known-packages.ts";
import { SCHEMA_FILE, STARTERS } from "./starter.ts";
import { UsageError } from "../errors/usage-error.ts";

export interface InitOptions {
  readonly force?: boolean;
  readonly ts?: boolean;
  readonly json?: boolean;
}

type Form = keyof typeof STARTERS;

/** The file will hold secrets. */
const PRIVATE = 0o600;

const fileOf = (form: Form): string => `wampgate.config.${form}`;

/** Writes the starter config into the working directory, and prints the next steps. */
export async function init({ force = false, ts = false, json = false }: InitOptions): Promise<void> {
  if (ts && json) throw new UsageError("--ts and --json exclude each other; give one of them");
  const form = ts ? "ts" : json ? "json" : "yaml";
  const file = fileOf(form);
  for (const other of Object.keys(STARTERS) as Form[]) {
    if ((force && other === form) || !(await exists(fileOf(other)))) continue;
    const todo =
      other === form ? "wampgate init --force overwrites it" : "remove it first, as it could be found instead";
    throw new UsageError(`${fileOf(other)} exists already; ${todo}`);
  }
  try {
    if (force) await replace(file, STARTERS[form]);
    else await writeFile(file, STARTERS[form], { flag: "wx", mode: PRIVATE });
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const text = `${file} cannot be written to ${process.cwd()} (${code}); run it in a folder that you may write to`;
    throw new UsageError(text);
  }
  const compiler = form === "ts" ? " typescript" : "";
  console.log(`Wrote ${file}. Next:`);
  console.log(`  npm install @wampgate/core ${METHOD_PACKAGES.anonymous} ${METHOD_PACKAGES.ticket}${compiler}`);
  if (form !== "ts") console.log(`  npx wampgate schema > ${SCHEMA_FILE}    # for your editor`);
  console.log("  JOE_TICKET=secret npx wampgate start");
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Writes a new file and renames it: others may be able to read the old one, or have it open. */
async function replace(file: string, text: string): Promise<void> {
  const fresh = `.${file}.${randomUUID()}`;
  try {
    await writeFile(fresh, text, { flag: "wx", mode: PRIVATE });
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
}
