import { randomBytes } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { WampgateError } from "../../errors/wampgate-error.ts";

/** The bits of a file's mode by which others than its owner can use it. */
const OTHERS = 0o077;

/**
 * The token of the side listener. If there is no such file, it is made.
 * @throws WampgateError if others may use the file, or it cannot be read or made
 */
export async function sideToken(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0)
      throw failed(`${file} can be used by others (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${file}`);
    const token = (await readFile(file, "utf8")).trim();
    if (token.length < 16)
      throw failed(`${file} holds fewer than 16 characters. Remove it, and the router makes another`);
    return token;
  } catch (error) {
    if (error instanceof WampgateError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw failed(`${file} cannot be read (${code ?? "unknown"})`, error);
    return made(file);
  }
}

async function made(file: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(`${token}\n`);
    await handle.close();
    return token;
  } catch (error) {
    throw failed(`${file} cannot be made (${(error as NodeJS.ErrnoException).code ?? "unknown"})`, error);
  }
}

function failed(text: string, cause?: unknown): WampgateError {
  return new WampgateError("WG_TOKEN_FILE", `the token file of the side listener: ${text}`, { cause });
}
