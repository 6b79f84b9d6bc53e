import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Accepts, OpenEntry, RequestHandler, UpgradeHandler } from "../../contract/transport.ts";
import type { Log } from "../../contract/log.ts";
import { attempt, whenDone } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { refuse } from "./http-refusal.ts";
import { destroySoon } from "./linger.ts";

/** What an endpoint's HTTP needs of its router. */
export interface RoutesContext {
  readonly log: Log;
  /** Whether clients should come here; `/readyz` tells it. Left out: always. */
  readonly isReady?: () => boolean;
}

/** What the entries of one endpoint take of its HTTP requests. */
export class HttpRoutes {
  readonly #upgrades = new Map<string, UpgradeHandler>();
  readonly #requests = new Map<string, RequestHandler>();
  readonly #context: RoutesContext;
  #isStopped = false;

  constructor(context: RoutesContext) {
    this.#context = context;
  }

  /** Whether an entry takes HTTP at all. */
  get areThere(): boolean {
    return this.#upgrades.size > 0 || this.#requests.size > 0;
  }

  hasUpgrade(request: IncomingMessage): boolean {
    return this.#upgradeOf(pathOf(request)) !== undefined;
  }

  add(accepts: Accepts, { upgrade, request }: Pick<OpenEntry, "upgrade" | "request">): void {
    if ("upgrade" in accepts && upgrade !== undefined) this.#upgrades.set(accepts.upgrade, upgrade);
    if ("request" in accepts && request !== undefined) this.addRequest(accepts.request, request);
  }

  /** @throws Error if the path is taken */
  addRequest(path: string, handler: RequestHandler): void {
    if (this.#requests.has(path)) throw new Error(`the path ${path} is taken there`);
    this.#requests.set(path, handler);
  }

  removeRequest(path: string): void {
    this.#requests.delete(path);
  }

  remove(accepts: Accepts): void {
    if ("upgrade" in accepts) this.#upgrades.delete(accepts.upgrade);
    if ("request" in accepts) this.removeRequest(accepts.request);
  }

  /** Takes no new WebSockets, and `/readyz` says so. */
  stop(): void {
    this.#isStopped = true;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request);
    const handler = this.#handlerOf(path);
    if (handler !== undefined) return this.#handle(handler, request, response);
    response.once("finish", () => destroySoon(request.socket)); // even if the client goes on sending
    const known = this.#upgradeOf(path) !== undefined;
    if (!known && (path === "/healthz" || path === "/readyz")) return this.#answerProbe(path, response);
    const headers = { connection: known ? "close, upgrade" : "close", ...TEXT };
    response.writeHead(known ? 426 : 404, known ? { ...headers, upgrade: "websocket" } : headers);
    response.end(known ? NO_WEBSOCKET : NOT_FOUND);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node removes its own listener from an upgraded socket. Without a listener a reset would end the process.
    socket.on("error", destroyed);
    const upgrade = this.#upgradeOf(pathOf(request));
    if (upgrade === undefined) return refuse(socket, 404, NOT_FOUND);
    if (this.#isStopped) return refuse(socket, 503, STOPPED);
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return refuse(socket, 426, NO_WEBSOCKET);
    // An error at one request ends only that request.
    const failed = (error: unknown): void => {
      this.#failed(error);
      socket.destroy();
    };
    attempt(() => upgrade(request, socket, head), failed);
  }

  /** Of this path, or of the same without a slash at its end: clients of Crossbar use both. */
  #upgradeOf(path: string): UpgradeHandler | undefined {
    const upgrade = this.#upgrades.get(path);
    return upgrade === undefined && path.endsWith("/") ? this.#upgrades.get(path.slice(0, -1)) : upgrade;
  }

  /** The handler of the longest path that is this one, or above it. */
  #handlerOf(path: string): RequestHandler | undefined {
    let longest = "";
    for (const prefix of this.#requests.keys())
      if (prefix.length > longest.length && isAbove(prefix, path)) longest = prefix;
    return this.#requests.get(longest);
  }

  #handle(handler: RequestHandler, request: IncomingMessage, response: ServerResponse): void {
    const failed = (error: unknown): void => {
      this.#failed(error);
      if (response.headersSent) return void response.destroy();
      response.writeHead(500, { connection: "close", ...TEXT }).end("The router failed to answer.\n");
    };
    response.on("error", () => response.destroy());
    const answered = new Promise<unknown>((resolve) => resolve(handler(request, response)));
    whenDone(answered, () => undefined, failed);
  }

  #failed(error: unknown): void {
    unlessRepeated(this, "request", (repeats) =>
      this.#context.log.error({ err: error, ...repeats }, "a request could not be answered"),
    );
  }

  /**
   * `/healthz`: the process answers. `/readyz`: it takes logins, since it listens only after it is set up, and clients
   * should come.
   */
  #answerProbe(path: string, response: ServerResponse): void {
    const problem = path === "/healthz" ? null : this.#isStopped ? STOPPED : this.#isReady ? null : UNREADY;
    response.writeHead(problem === null ? 200 : 503, { connection: "close", ...TEXT });
    response.end(problem ?? "ok\n");
  }

  get #isReady(): boolean {
    return this.#context.isReady?.() ?? true;
  }
}

/** The same function for all sockets: one made at the request would hold it as long as the connection. */
function destroyed(this: Duplex): void {
  this.destroy();
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const NO_WEBSOCKET = "This is a WAMP router: connect by WebSocket.\n";
const STOPPED = "shutting down\n";
const UNREADY = "cut off from the other nodes\n";
const NOT_FOUND = "There is nothing at this path.\n";

function isAbove(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}
