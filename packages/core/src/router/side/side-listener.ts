import type { IncomingMessage, ServerResponse } from "node:http";
import { resolve } from "node:path";
import { entrySettings } from "../../config/core-schema.ts";
import type { RequestHandler } from "../../contract/transport.ts";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { bracketed, tlsOf } from "../../transports/net/endpoint.ts";
import { destroySoon } from "../../transports/net/linger.ts";
import { SocketServer } from "../../transports/net/socket-server.ts";
import type { RouterContext } from "../context.ts";
import { sideRefusal } from "./guard.ts";
import type { SideSettings } from "./settings.ts";
import { sideToken } from "./token.ts";

const MAX_HEADER_SIZE = 8192;

/** How many connections there may be, which are all pending sockets. */
const MAX_CONNECTIONS = 64;

/** What every answer has, for the browsers of operators. */
const HEADERS = {
  connection: "close",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The listener for operators: health, metrics, and pages of plugins. It is off without `side` in the config. */
export class SideListener {
  readonly #settings: SideSettings | undefined;
  readonly #context: RouterContext;
  readonly #routes = new Map<string, RequestHandler>();
  #server: SocketServer | null = null;
  #token = "";
  #isReady = false;
  readonly #isNodeReady: () => boolean;

  /** @param isNodeReady whether clients should come to this node of a cluster */
  constructor(context: RouterContext, isNodeReady: () => boolean) {
    this.#isNodeReady = isNodeReady;
    this.#settings = context.config.now.settings.side;
    this.#context = context;
  }

  get isOn(): boolean {
    return this.#settings !== undefined;
  }

  /** Where it listens; null if it does not. */
  get url(): string | null {
    return this.#server?.url("http") ?? null;
  }

  /** @throws WampgateError if the path is taken */
  route(path: string, handler: RequestHandler): void {
    if (this.#routes.has(path))
      throw new WampgateError("WG_ROUTE_PLACE", `the path ${path} is taken on the side listener`);
    this.#routes.set(path, handler);
  }

  /** @throws WampgateError if it cannot listen, or its token file is not right */
  async listen(): Promise<void> {
    if (this.#settings === undefined) return;
    const { endpoint, "token-file": file } = this.#settings;
    const { config, log, limits } = this.#context;
    const { folder } = config.now;
    this.#token = await sideToken(resolve(folder, file));
    const server = new SocketServer(endpoint, await tlsOf(endpoint, folder), { log, report: limits.report });
    const most = { "max-half-open": MAX_CONNECTIONS, "max-half-open-per-address": MAX_CONNECTIONS };
    server.add({
      entry: { limits: entrySettings.parse(most) },
      accepts: { request: "/" },
      maxHeaderSize: MAX_HEADER_SIZE,
      takes: { request: (request, response) => this.#answer(request, response) },
    });
    this.#server = server;
    await server.listen();
    log.info({ url: this.url }, "the side listener listens");
  }

  /** The router takes logins, or does not any more. */
  ready(isReady: boolean): void {
    this.#isReady = isReady;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
  }

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    response.once("finish", () => destroySoon(request.socket));
    const [path = "/"] = (request.url ?? "/").split("?");
    const refusal = sideRefusal(request, path, this.#guard);
    if (refusal !== null) {
      if (refusal.status === 401) response.setHeader("www-authenticate", "Bearer");
      return tell(response, refusal.status, refusal.message);
    }
    if (path === "/healthz" || (path === "/readyz" && this.#isReady && this.#isNodeReady()))
      return tell(response, 200, "ok");
    if (path === "/readyz") return tell(response, 503, "the router takes no logins");
    const handler = this.#routes.get(path) ?? this.#above(path);
    return handler === undefined ? tell(response, 404, "There is nothing at this path.") : handler(request, response);
  }

  /** The handler of the longest path above this one. */
  #above(path: string): RequestHandler | undefined {
    const above = [...this.#routes].filter(([prefix]) => path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`));
    return above.sort(([one], [other]) => other.length - one.length)[0]?.[1];
  }

  get #guard() {
    const { endpoint, "allowed-hosts": allowed, public: open } = this.#settings as SideSettings;
    const own = endpoint.type === "tcp" ? [bracketed(endpoint.host)] : [];
    return { token: this.#token, hosts: [...own, ...allowed].map((name) => name.toLowerCase()), public: open };
  }
}

function tell(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
