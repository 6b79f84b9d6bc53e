/** What is wrong with the URL of a server that is trusted; null if nothing is. */
export function secureUrlProblem(text: string): string | null {
  const url = parsed(text);
  if (url === null) return "expected a URL";
  if (url.username !== "" || url.password !== "") return "a user and a password have no place in this URL";
  if (url.protocol === "https:") return null;
  if (url.protocol !== "http:") return `expected a URL of https, found one of ${url.protocol.slice(0, -1)}`;
  return isLoopback(url.hostname) ? null : "expected a URL of https; http is for this machine alone, as 127.0.0.1";
}

/** A URL for the log, without what may hold a secret. */
export function shownUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
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
