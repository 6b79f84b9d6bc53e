import type { IncomingMessage } from "node:http";
import { constantTimeEqual } from "../../wamp/compare.ts";
import { isSameOrigin } from "../../transports/websocket/origins.ts";

/** Why a request gets no answer. */
export interface SideRefusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

interface Guard {
  readonly token: string;
  /** The names that requests may have in `Host`, besides those of this machine. */
  readonly hosts: readonly string[];
  readonly public: readonly string[];
}

/** Names of this machine, which no foreign DNS can give to a page of its own. */
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Why a request is refused; null if it may pass. A browser on this machine may be led here by a foreign page, so the host,
 * the origin, and what the browser itself says of the page are checked before the token.
 *
 * @param path of the request, without its query
 */
export function sideRefusal({ headers }: IncomingMessage, path: string, guard: Guard): SideRefusal | null {
  const { host = "", origin, "sec-fetch-site": site, authorization = "" } = headers;
  const name = host.toLowerCase().replace(/:\d*$/, "");
  if (!LOOPBACK.has(name) && !guard.hosts.includes(name))
    return { status: 421, message: "This listener is not asked by this Host. Add it to allowed-hosts of side." };
  if (origin !== undefined && !isSameOrigin(origin, host))
    return { status: 403, message: "Pages of other sites may not ask this listener." };
  if (site !== undefined && site !== "none" && site !== "same-origin")
    return { status: 403, message: "Pages of other sites may not ask this listener." };
  if (guard.public.includes(path)) return null;
  const [, token = ""] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (constantTimeEqual(token, guard.token)) return null;
  return { status: 401, message: "Send the token of the token file: Authorization: Bearer <token>" };
}
