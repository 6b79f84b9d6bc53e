import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { PluginApi } from "@wampgate/core";
import type { Registry } from "prom-client";

/** How long a client may take for its request, in milliseconds. */
const REQUEST_TIME = 5000;
/** A scraper needs one connection. */
const MAX_CONNECTIONS = 16;

/** The page that Prometheus reads. */
export class Page {
  readonly #path: string;
  readonly #registry: Registry;
  readonly #log: PluginApi["log"];
  readonly #server: Server;

  constructor(path: string, registry: Registry, log: PluginApi["log"]) {
    this.#path = path;
    this.#registry = registry;
    this.#log = log;
    const limits = { headersTimeout: REQUEST_TIME, requestTimeout: REQUEST_TIME, connectionsCheckingInterval: 1000 };
    this.#server = createServer(limits, (request, response) => {
      // If the answer fails, its client is disconnected, and the router goes on.
      this.answer(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @returns its URL. Rejects if it cannot listen there. */
  async listen(port: number, host: string): Promise<string> {
    try {
      await once(this.#server.listen(port, host), "listening");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`cannot listen on ${host}, port ${port} (${code}): give the plugin another host or port`, {
        cause: error,
      });
    }
    this.#server.on("error", (error) =>
      this.#log.error({ err: error }, "the page of metrics failed to take a connection"),
    );
    const taken = (this.#server.address() as AddressInfo).port;
    return `http://${host.includes(":") ? `[${host}]` : host}:${taken}${this.#path}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Answers a request to the page, or says that there is none. */
  async answer({ url, method }: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("connection", "close");
    if (url !== this.#path || (method !== "GET" && method !== "HEAD")) {
      response.writeHead(url === this.#path ? 405 : 404).end();
      return;
    }
    try {
      const text = await this.#registry.metrics();
      response.writeHead(200, { "content-type": this.#registry.contentType }).end(method === "HEAD" ? undefined : text);
    } catch {
      response.writeHead(500).end();
    }
  }
}
