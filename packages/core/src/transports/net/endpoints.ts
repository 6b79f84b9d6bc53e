import type { Server } from "node:http";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { AttachedServer } from "./attached-server.ts";
import type { EndpointContext, EndpointServer } from "./endpoint-server.ts";
import { endpointKey, tlsOf } from "./endpoint.ts";
import type { Endpoint } from "./settings.ts";
import { SocketServer } from "./socket-server.ts";

/** HTTP servers of the embedding program, by the names that endpoints of type `server` have for them. */
export type NamedServers = Readonly<Record<string, Server>>;

/** What they need of their router. */
interface EndpointsContext extends EndpointContext {
  /** Where files are looked for. */
  readonly folder: string;
}

/** The endpoints of a router: one server for each, whichever entries share it. */
export class Endpoints {
  readonly #servers = new Map<string, EndpointServer>();
  readonly #named: NamedServers;
  readonly #context: EndpointsContext;

  constructor(named: NamedServers, context: EndpointsContext) {
    this.#named = named;
    this.#context = context;
  }

  /** The server of an endpoint, which may not listen yet. @throws Error if its TLS files cannot be used */
  async at(endpoint: Endpoint): Promise<EndpointServer> {
    const key = endpointKey(endpoint);
    const server = this.#servers.get(key) ?? (await this.#made(endpoint));
    this.#servers.set(key, server);
    return server;
  }

  /** Forgets the servers that no entry uses. They take no clients any more: close them when theirs have left. */
  dropEmpty(): EndpointServer[] {
    const empty = [...this.#servers].filter(([, { isEmpty }]) => isEmpty);
    for (const [key] of empty) this.#servers.delete(key);
    return empty.map(([, server]) => server);
  }

  /** @throws Error of the first that cannot listen */
  async listen(): Promise<void> {
    for (const server of this.#servers.values()) await server.listen();
  }

  /** What its entries accept may have changed, and so may files. @returns a sentence for each that cannot be used */
  async configure(): Promise<string[]> {
    const servers = [...this.#servers.values()];
    for (const server of servers) server.configure();
    return (await Promise.all(servers.map((server) => server.reloadCertificates(this.#context.folder)))).flat();
  }

  stop(): void {
    for (const server of this.#servers.values()) server.stop();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    this.#servers.clear();
  }

  async #made(endpoint: Endpoint): Promise<EndpointServer> {
    if (endpoint.type !== "server")
      return new SocketServer(endpoint, await tlsOf(endpoint, this.#context.folder), this.#context);
    const server = Object.hasOwn(this.#named, endpoint.name) ? this.#named[endpoint.name] : undefined;
    if (server === undefined) throw new WampgateError("WG_LISTEN", noServer(endpoint.name));
    return new AttachedServer(endpoint, server, this.#context);
  }
}

/** Why an endpoint of type `server` cannot be used. */
export function noServer(name: string): string {
  return `there is no server "${name}". Give it to createRouter(config, { servers: { ${JSON.stringify(name)}: … } }), or let the router listen by type tcp or unix`;
}
