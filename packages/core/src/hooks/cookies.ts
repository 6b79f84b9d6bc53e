import type { TransportDetails } from "../contract/hello.ts";

/**
 * The values of a cookie by which a client may be let in. None where `transport.takesCookies` is false: then the page that
 * connects may be anybody's, and the client's browser has sent the cookie by itself.
 *
 * @param name case counts (RFC 6265 section 5.3)
 * @example const [token] = cookiesIn(attempt.transport, "session");
 */
export function cookiesIn(
  {
    takesCookies,
    http_headers_received: { cookie = "" },
  }: Pick<TransportDetails, "takesCookies" | "http_headers_received">,
  name: string,
): string[] {
  return takesCookies ? cookiesOf(cookie, name) : [];
}

/** The values of a cookie in the header `Cookie`. There may be several: of other paths, or of a parent domain. */
export function cookiesOf(header: string, name: string): string[] {
  return header.split(";").flatMap((pair) => (nameOf(pair) === name ? [valueOf(pair)] : []));
}

/** The header without a cookie. */
export function withoutCookie(header: string, name: string): string {
  return header
    .split(";")
    .filter((pair) => nameOf(pair) !== name)
    .map((pair) => pair.trim())
    .join("; ");
}

function nameOf(pair: string): string {
  const [name = ""] = pair.split("=", 1);
  return name.trim();
}

function valueOf(pair: string): string {
  const value = pair.slice(pair.indexOf("=") + 1).trim();
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
