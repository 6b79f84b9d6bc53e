/** Decides which web pages may connect, by the header `Origin` that browsers send (RFC 6455 section 10.2). */
export class Origins {
  #list: readonly string[] | null | undefined = null;
  #patterns: readonly OriginPattern[] = [];

  /**
   * Checks a request to open a WebSocket. A request without `Origin` does not come from a browser and passes.
   *
   * @param origin the header `Origin`
   * @param host the host that the client asked for, by the header `Host`; undefined if no header names one
   * @param allowed the key `allowed-origins`; undefined: the page must come from `host`. Each list is parsed only once
   * @returns why it is refused, as a sentence for the operator and for the page's developer; null if it may connect
   */
  refusal(origin: string | undefined, host: string | undefined, allowed: readonly string[] | undefined): string | null {
    if (origin === undefined) return null;
    if (allowed === undefined) return isSameOrigin(origin, host) ? null : foreign(origin, host);
    if (this.#list !== allowed) {
      this.#list = allowed;
      this.#patterns = allowed.map((pattern) => new OriginPattern(pattern));
    }
    const lower = origin.toLowerCase();
    return this.#patterns.some((pattern) => pattern.matches(lower)) ? null : unlisted(origin, host);
  }
}

/**
 * Whether a cookie that a browser sent may let its page in.
 *
 * @param origin the header `Origin`; undefined: the client is no browser
 * @param allowed as above. An entry with a `*` names no page: whoever has one of those pages would log in as its visitors
 * @param isSecure whether TLS carries the request. Then a page without TLS, which anybody on the way may have written, is
 * of another origin
 */
export function takesCookies(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[] | undefined,
  isSecure: boolean,
): boolean {
  if (origin === undefined) return true;
  const lower = origin.toLowerCase();
  if (allowed?.some((named) => !named.includes("*") && named.toLowerCase() === lower) === true) return true;
  return isSameOrigin(origin, host) && !(isSecure && /^(http|ws):/.test(lower));
}

/** Finds `part` in `text`, from a position on, like `String.prototype.indexOf`. */
type Find = (text: string, part: string, from: number) => number;

const indexOf: Find = (text, part, from) => text.indexOf(part, from);

/**
 * A pattern in which each star stands for any text, or for none. It is matched from left to right without going back:
 * the first match of a part is as good as any later one.
 */
export class OriginPattern {
  readonly #parts: readonly string[];

  /** @param pattern for example `https://*.example.com`; case is ignored */
  constructor(pattern: string) {
    this.#parts = pattern.toLowerCase().split("*");
  }

  /**
   * @param text in lower case
   * @param find for tests, which count the searches: at most one for each star, each behind the last match
   */
  matches(text: string, find: Find = indexOf): boolean {
    const parts = this.#parts;
    const [first = ""] = parts;
    if (parts.length === 1) return text === first;
    const last = parts[parts.length - 1] ?? "";
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (let i = 1; i < parts.length - 1; i++) {
      const part = parts[i] ?? "";
      if (part === "") continue; // two stars in a row are one
      const found = find(text, part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= end;
  }
}

/** By the schemes of pages that can open a WebSocket. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443", ws: "80", wss: "443" };

/**
 * Whether an origin (RFC 6454 section 6.2) and a `Host` (RFC 9110 section 7.2) are one host and port. The scheme is not
 * compared, since TLS may end at a proxy. It only gives the default port.
 */
export function isSameOrigin(origin: string, host: string | undefined): boolean {
  const [, scheme = "", originHost, originPort] =
    /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^\s:/?#@,[\]]+)(?::(\d{1,5}))?$/.exec(origin.toLowerCase()) ?? [];
  const [, ownHost, ownPort] =
    /^(\[[0-9a-f:.]+\]|[^\s:/?#@,[\]]+)(?::(\d{1,5})?)?$/.exec(host?.toLowerCase() ?? "") ?? [];
  if (originHost === undefined || originHost !== ownHost) return false;
  const fallback = Object.hasOwn(DEFAULT_PORTS, scheme) ? DEFAULT_PORTS[scheme] : undefined;
  return (originPort ?? fallback) === (ownPort ?? fallback);
}

function foreign(origin: string, host: string | undefined): string {
  return `a page of the origin ${shown(origin)} may not connect, since ${asked(host)}; list the origin in this transport's allowed-origins if it may`;
}

function unlisted(origin: string, host: string | undefined): string {
  return `a page of the origin ${shown(origin)} may not connect, since this transport's allowed-origins do not list it (${asked(host)})`;
}

function asked(host: string | undefined): string {
  return host === undefined ? "it asked for no host" : `it asked for the host ${shown(host)}`;
}

/** The longest host name has 253 characters (RFC 1035 section 2.3.4). Longer texts are cut. */
const LONGEST = 300;

/** What a client sent, made safe for the log and for a text in ASCII. */
function shown(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `"${cut.replace(/[^ -~…]/g, "?").replaceAll('"', "'")}"`;
}
