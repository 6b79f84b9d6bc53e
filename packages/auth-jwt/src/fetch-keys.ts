import { within } from "@wampgate/core";
import type { JSONWebKeySet } from "jose";
import { keySetOf, NoKeys } from "./public-keys.ts";

/** How long a fetch may take, to the last byte, in milliseconds. */
const TIMEOUT = 5000;
/** The most bytes of a key set. */
const MOST_BYTES = 256 * 1024;

/**
 * Fetches a key set: no redirect is followed, and no more is read than a key set may have.
 * @param timeout to the last byte, in milliseconds
 * @throws NoKeys that says why, or the reason of `signal`
 */
export async function fetchKeys(url: string, signal: AbortSignal, timeout = TIMEOUT): Promise<JSONWebKeySet> {
  try {
    return await within(timeout, signal, async (limit) => {
      const response = await fetch(url, { redirect: "error", signal: limit, headers: { accept: "application/json" } });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new NoKeys(`the server answered with status ${response.status}`);
      }
      return keySetOf(await textOf(response));
    });
  } catch (error) {
    if (error instanceof NoKeys || signal.aborted) throw error;
    throw new NoKeys(reasonOf(error));
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > MOST_BYTES) throw new NoKeys(`the answer is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { code?: unknown; message?: unknown } };
  if (cause?.message === "unexpected redirect") return "the server redirects, which is not followed";
  const why = [cause?.code, cause?.message].find((one) => typeof one === "string");
  return why === undefined ? message : `no connection (${why})`;
}
