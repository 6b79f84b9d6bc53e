import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { endpointName } from "./endpoint.ts";
import type { Endpoint } from "./settings.ts";

/** An endpoint on which the router itself listens. */
export type OwnEndpoint = Exclude<Endpoint, { readonly type: "server" }>;

/**
 * How many connections the system may queue: the default limit of Linux (`net.core.somaxconn`). When all clients come
 * back at once, for example after a restart, a client that is not queued tries again only after a second.
 */
const BACKLOG = 4096;

/**
 * Listens on an endpoint.
 *
 * @throws WampgateError that names the endpoint, what is wrong and what to do
 */
export async function listen(server: Server, endpoint: OwnEndpoint): Promise<void> {
  try {
    if (endpoint.type === "unix") await removeStaleSocket(endpoint.path);
    const { type } = endpoint;
    const where = type === "unix" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
    server.listen({ ...where, backlog: BACKLOG });
    await once(server, "listening");
  } catch (error) {
    throw new WampgateError("WG_LISTEN", `cannot listen on ${endpointName(endpoint)}: ${reason(error, endpoint)}`, {
      cause: error,
    });
  }
}

/** A killed process leaves its socket's file behind, and no other process can listen on it. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error("a file of this name exists, and it is not a socket. Choose another path.");
  if (await answers(path)) throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  await unlink(path);
}

async function answers(path: string): Promise<boolean> {
  const socket = connect({ path });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    if (codeOf(error) === "ECONNREFUSED") return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

function reason(error: unknown, { type }: OwnEndpoint): string {
  const other = type === "tcp" ? "port" : "path";
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return `another program listens there already. Stop it, or give the transport another ${other}.`;
    case "EACCES":
    case "EPERM":
      return `this user has no permission. Give the transport another ${other}, or run wampgate as a user with permission.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "this machine has no such address. Correct the endpoint's host.";
    case "ENOENT":
      return "its folder does not exist. Make it, or give the transport another path.";
    default:
      return (error as Error).message;
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}
