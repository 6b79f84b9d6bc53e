import { z } from "zod";

/**
 * The URL of a server that the router trusts, in a block or in a plugin's options: https, or http on this machine, without user
 * and password.
 *
 * @example z.strictObject({ url: serverUrl.describe("the server to ask") })
 */
export const serverUrl = z.string().superRefine((text, context) => {
  const message = problemOf(text);
  if (message !== null) context.addIssue({ code: "custom", message });
});

/** A URL for the log, without what may hold a secret. */
export function shownUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}

function problemOf(text: string): string | null {
  const url = parsed(text);
  if (url === null) return "expected a URL";
  if (url.username !== "" || url.password !== "") return "a user and a password have no place in this URL";
  if (url.protocol === "https:") return null;
  if (url.protocol !== "http:") return "expected a URL of https";
  return isLoopback(url.hostname) ? null : "expected a URL of https; http is for this machine alone, as 127.0.0.1";
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
