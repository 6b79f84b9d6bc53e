/**
 * What both sides keep to. Without context takeover each message is compressed by itself: then no connection needs memory
 * for it, a message is compressed once for all its receivers, and one that is refused changes nothing for the next one.
 */
const TERMS = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** zlib's largest window, and the default (RFC 7692 section 7.1.2). */
const LARGEST_WINDOW = "15";

/**
 * The answer to a client's Sec-WebSocket-Extensions: the first offer of permessage-deflate that the router can keep to,
 * with its terms (RFC 7692 section 7.1). Null if there is none: then the connection is not compressed.
 */
export function agreementOn(offers: string): string | null {
  for (const offer of offers.split(",")) {
    const [name, ...rest] = offer.split(";").map((part) => part.trim());
    const parameters = name === "permessage-deflate" ? read(rest) : null;
    if (parameters === null) continue;
    const window = parameters.get("server_max_window_bits");
    // A smaller window would need a compression of its own.
    if (window === undefined) return TERMS;
    if (window === LARGEST_WINDOW) return `${TERMS}; server_max_window_bits=${window}`;
  }
  return null;
}

/** The parameters of an offer; null if one is unknown, wrong, or there twice: such an offer is declined. */
function read(parts: readonly string[]): ReadonlyMap<string, string | null> | null {
  const found = new Map<string, string | null>();
  for (const part of parts) {
    const [, name = "", quoted, bare] = /^([a-z_]+)(?:\s*=\s*(?:"([^"]*)"|(\S+)))?$/.exec(part) ?? [];
    const value = quoted ?? bare ?? null;
    if (found.has(name) || !isLegal(name, value)) return null;
    found.set(name, value);
  }
  return found;
}

function isLegal(name: string, value: string | null): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === null;
    case "client_max_window_bits":
      return value === null || isWindow(value);
    case "server_max_window_bits":
      return value !== null && isWindow(value);
    default:
      return false;
  }
}

function isWindow(value: string): boolean {
  return /^(?:[89]|1[0-5])$/.test(value);
}
