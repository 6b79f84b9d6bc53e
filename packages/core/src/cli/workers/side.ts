import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entrySettings } from "../../config/core-schema.ts";
import type { Log } from "../../contract/log.ts";
import type { NodeName } from "../../contract/realm-link.ts";
import type { SideSettings } from "../../router/side/settings.ts";
import { bracketed, tlsOf } from "../../transports/net/endpoint.ts";
import { SocketServer } from "../../transports/net/socket-server.ts";
import { isDict } from "../../wamp/messages.ts";
import { mergedMetrics } from "./merged-metrics.ts";

/** The variable of the environment that tells a worker where its side listener is: see `SidePlace`. */
export const SIDE = "WAMPGATE_SIDE";

/** How long a worker may take to answer, in milliseconds. */
const TIMEOUT = 4000;

/** The longest answer of a worker, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

const MAX_CONNECTIONS = 64;

const TEXT = { "content-type": "text/plain" };

const NOT_READY = new Error("the worker is not ready");

/** What a page of metrics is, for Prometheus. */
const METRICS = "version=0.0.4";

/** Where a worker's side listener is, and the host by which the primary's is asked. */
interface SidePlace {
  readonly folder: string;
  readonly host: string | null;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** The side listener of workers: the primary has the port, and asks them by sockets that only its user can open. */
export class WorkersSide {
  readonly #settings: SideSettings;
  readonly #server: SocketServer;
  readonly #folder: string;
  readonly #log: Log;
  /** Pages of metrics, which are put together of those of all workers. */
  readonly #metrics = new Set<string>();
  #workers: () => readonly NodeName[] = () => [];

  private constructor(settings: SideSettings, server: SocketServer, folder: string, log: Log) {
    this.#settings = settings;
    this.#server = server;
    this.#folder = folder;
    this.#log = log;
    const most = { "max-half-open": MAX_CONNECTIONS, "max-half-open-per-address": MAX_CONNECTIONS };
    server.add({
      entry: { limits: entrySettings.parse(most) },
      accepts: { request: "/" },
      maxHeaderSize: 8192,
      takes: { request: (request, response) => this.#answer(request, response) },
    });
  }

  /** @param folder of the config @throws WampgateError if it cannot listen there */
  static async open(settings: SideSettings, folder: string, log: Log): Promise<WorkersSide> {
    const { endpoint } = settings;
    const server = new SocketServer(endpoint, await tlsOf(endpoint, folder), { log, report: () => undefined });
    const side = new WorkersSide(settings, server, await mkdtemp(join(tmpdir(), "wampgate-")), log);
    await server.listen().catch(async (error: unknown) => {
      await side.close();
      throw error;
    });
    log.info({ url: server.url("http") }, "the side listener listens");
    return side;
  }

  /** For the environment of workers. */
  get place(): string {
    const { endpoint } = this.#settings;
    return JSON.stringify({ folder: this.#folder, host: endpoint.type === "tcp" ? bracketed(endpoint.host) : null });
  }

  /** Asks these workers from now on. */
  asks(workers: () => readonly NodeName[]): void {
    this.#workers = workers;
  }

  async close(): Promise<void> {
    await this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "/"] = (request.url ?? "/").split("?");
    const workers = this.#workers();
    if (path === "/readyz") return respond(response, await this.#firstReady(workers, request));
    if (!this.#metrics.has(path)) {
      const first = await this.#first(workers, request);
      if (first === null || !isMetrics(first)) return respond(response, first);
      this.#metrics.add(path);
    }
    const asked = workers.map(async (worker) => [worker, await this.#askOrNull(worker, request)] as const);
    const pages = (await Promise.all(asked)).flatMap(([worker, answer]) =>
      answer !== null && isMetrics(answer) ? [[worker, answer] as const] : [],
    );
    const texts = new Map(pages.map(([worker, { body }]) => [worker, body.toString()]));
    const one = pages[0]?.[1] ?? null;
    respond(response, one === null ? null : { ...one, body: Buffer.from(mergedMetrics(texts)) });
  }

  /** The answer of the first worker that has one. */
  async #first(workers: readonly NodeName[], request: IncomingMessage): Promise<Answer | null> {
    for (const worker of workers) {
      const answer = await this.#askOrNull(worker, request);
      if (answer !== null) return answer;
    }
    return null;
  }

  /** One that is ready is enough: the others are not waited for. */
  async #firstReady(workers: readonly NodeName[], request: IncomingMessage): Promise<Answer | null> {
    const asked = workers.map((worker) => this.#askOrNull(worker, request));
    const ready = asked.map(async (answer) => ((await answer)?.status === 200 ? answer : Promise.reject(NOT_READY)));
    return Promise.any(ready).catch(async () => (await Promise.all(asked)).find((answer) => answer !== null) ?? null);
  }

  #askOrNull(worker: NodeName, request: IncomingMessage): Promise<Answer | null> {
    return this.#ask(worker, request).catch((error: unknown) => this.#failed(worker, error));
  }

  #ask(worker: NodeName, { method, url, headers }: IncomingMessage): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const socketPath = socketOf(this.#folder, worker);
      const options = { socketPath, method, path: url, headers, signal: AbortSignal.timeout(TIMEOUT) };
      const asked = ask(options, (answer) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (part: Buffer) => {
          parts.push(part);
          bytes += part.length;
          if (bytes > MAX_BYTES) asked.destroy(new Error(`it answers with more than ${MAX_BYTES} bytes`));
        });
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(parts) }),
        );
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  #failed(worker: NodeName, error: unknown): null {
    this.#log.warn({ err: error, worker }, "a worker did not answer a request of the side listener");
    return null;
  }
}

/** The config of a worker, whose side listener is the primary's to reach. @param place what the environment has in `SIDE` */
export function sideOfWorker(raw: Record<string, unknown>, worker: NodeName, place: string | undefined): unknown {
  const { side } = raw;
  if (place === undefined || !isDict(side)) return side;
  const { folder, host } = JSON.parse(place) as SidePlace;
  const allowed: unknown = side["allowed-hosts"] ?? [];
  return {
    ...side,
    endpoint: { type: "unix", path: socketOf(folder, worker) },
    "allowed-hosts": Array.isArray(allowed) && host !== null ? [...(allowed as unknown[]), host] : allowed,
  };
}

function socketOf(folder: string, worker: NodeName): string {
  return join(folder, `${worker}.sock`);
}

function isMetrics({ status, headers }: Answer): boolean {
  return status === 200 && headers["content-type"]?.includes(METRICS) === true;
}

/** @param answer null: no worker has one */
function respond(response: ServerResponse, answer: Answer | null): void {
  if (answer === null) return void response.writeHead(503, TEXT).end("no worker answers\n");
  const { status, headers, body } = answer;
  const own = Object.entries(headers).filter(([name]) => name !== "transfer-encoding" && name !== "content-length");
  response.writeHead(status, { ...Object.fromEntries(own), "content-length": body.length }).end(body);
}
