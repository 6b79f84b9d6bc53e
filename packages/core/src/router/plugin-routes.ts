import type { RequestHandler } from "../contract/transport.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";
import type { EndpointServer } from "../transports/net/endpoint-server.ts";
import { destroySoon } from "../transports/net/linger.ts";

/** A page of a plugin on a listener of the config. */
interface PluginRoute {
  readonly plugin: string;
  /** The position of its entry in `transports`. */
  readonly entry: number;
  readonly path: string;
  readonly handler: RequestHandler;
  /** Where it is now. */
  at: EndpointServer | null;
}

/** The pages that plugins have on listeners of the config. */
export class PluginRoutes {
  readonly #routes: PluginRoute[] = [];
  #isFrozen = false;

  /** @see PluginApi.http */
  add(plugin: string, entry: number, path: string, handler: RequestHandler): void {
    if (this.#isFrozen) throw new Error(`a route is added before the router starts: add ${path} in apply`);
    checkPath(path);
    this.#routes.push({ plugin, entry, path, handler: closing(namingPlugin(plugin, path, handler)), at: null });
  }

  /**
   * Puts each page on the endpoint of its entry.
   * @param serverOf gives that endpoint; null if there is no such entry, or if it has none
   * @returns a sentence for each that has no place
   */
  place(serverOf: (entry: number) => EndpointServer | null): string[] {
    this.#isFrozen = true;
    const moving = this.#routes.filter(({ entry, at }) => at === null || serverOf(entry) !== at);
    for (const route of moving) {
      route.at?.removeRoute(route.path);
      route.at = null;
    }
    return moving.flatMap((route) => {
      const server = serverOf(route.entry);
      const problem = `the plugin "${route.plugin}" has no place for its page ${route.path}`;
      if (server === null) return [`${problem}: transports[${route.entry}] is not open, or listens by itself`];
      try {
        server.addRoute(route.path, route.handler);
        route.at = server;
        return [];
      } catch (error) {
        return [`${problem}: ${(error as Error).message}`];
      }
    });
  }
}

/** @throws Error if it cannot be a path of requests */
export function checkPath(path: unknown): void {
  if (typeof path !== "string" || !/^\/[^?#\s]*$/.test(path))
    throw new Error('the path of a route must start with "/" and hold no space, "?" or "#"');
}

/** The handler, but what it throws names its plugin. */
export function namingPlugin(plugin: string, path: string, handler: RequestHandler): RequestHandler {
  return async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      const text = `failed to answer a request to ${path}: ${thrownText(error)}`;
      throw new PluginError("WG_ROUTE_HANDLER", plugin, text, { cause: shownCause(error) });
    }
  };
}

/** The handler, with the end of the connection after its answer: a connection counts as a pending socket. */
function closing(handler: RequestHandler): RequestHandler {
  return (request, response) => {
    response.setHeader("connection", "close");
    response.once("finish", () => destroySoon(request.socket));
    return handler(request, response);
  };
}
