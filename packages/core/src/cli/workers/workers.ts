import cluster, { type Worker } from "node:cluster";
import { hostname } from "node:os";
import type { Log } from "../../contract/log.ts";
import type { NodeName, WorkerHub } from "../../contract/realm-link.ts";
import { WampgateError } from "../../errors/wampgate-error.ts";
import { guarded } from "../../wamp/guarded.ts";
import { isReport, type Order, WORKER } from "./messages.ts";

/** When a worker that has ended is started again, in milliseconds: at first, and at most. */
const RETRY = { first: 100, most: 30_000 };

/** A worker that ran this long was fine: the next one starts at once again. In milliseconds. */
const FINE_TIME = 60_000;

/** How long a worker may take to reload: its strategies and plugins have half a minute each. In milliseconds. */
const RELOAD_TIME = 60_000;

/** How long a worker may take for an orderly end beyond `shutdown-timeout`, in milliseconds. */
const END_TIME = 15_000;

/** The place of one worker, which gets a new process if it ends. */
interface Place {
  readonly node: NodeName;
  worker: Worker | null;
  /** Whether the present process takes clients. */
  hasStarted: boolean;
  /** Whether one of its processes ever did. */
  wasFine: boolean;
  startedAt: number;
  delay: number;
  retry: NodeJS.Timeout | undefined;
}

/** The workers of `wampgate start --workers`, from their primary. */
export class Workers {
  readonly #places: readonly Place[];
  readonly #hub: WorkerHub;
  readonly #log: Log;
  readonly #environment: Readonly<Record<string, string>>;
  #isStopping = false;
  /** Who waits for reports and ends of workers. Called after each one. */
  #watchers: (() => void)[] = [];
  #summary: readonly string[] = [];

  /** @param environment more variables for the workers */
  constructor(count: number, hub: WorkerHub, log: Log, environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
    this.#hub = hub;
    this.#log = log;
    this.#places = Array.from({ length: count }, (_, i) => ({
      node: `${hostName()}-${i + 1}`,
      worker: null,
      hasStarted: false,
      wasFine: false,
      startedAt: 0,
      delay: RETRY.first,
      retry: undefined,
    }));
    // As `structuredClone` copies: bytes stay bytes.
    cluster.setupPrimary({ serialization: "advanced" });
  }

  /**
   * Starts the first worker, and then the others: what is wrong is told once.
   * @returns the lines for the operator, of the first worker
   * @throws WampgateError if one of them does not start; then none is left
   */
  async start(): Promise<readonly string[]> {
    const [first, ...others] = this.#places;
    if (first === undefined) return [];
    this.#fork(first);
    await this.#allStarted([first]);
    for (const place of others) if (!this.#isStopping) this.#fork(place);
    await this.#allStarted(others);
    return this.#summary;
  }

  /** Those that take clients. */
  get running(): readonly NodeName[] {
    return this.#places.filter(({ hasStarted }) => hasStarted).map(({ node }) => node);
  }

  /** Lets all workers that run read the config again. Resolves when they have, or have ended, or take too long. */
  async reload(): Promise<void> {
    const waiting = this.#order("reload");
    const limit = setTimeout(() => {
      const late = [...waiting.values()];
      this.#log.error({ workers: late }, `these workers have not reloaded within ${RELOAD_TIME} ms`);
      waiting.clear();
      this.#changed();
    }, RELOAD_TIME);
    await this.#until(() => waiting.size === 0);
    clearTimeout(limit);
  }

  /** Gives an order to all workers that run. @returns those that have not yet carried it out, which gets empty */
  #order(order: "reload" | "drain"): Map<Worker, NodeName> {
    const waiting = new Map<Worker, NodeName>();
    for (const { worker, hasStarted, node } of this.#places) {
      if (worker === null || !hasStarted) continue;
      waiting.set(worker, node);
      const done = (): void => {
        waiting.delete(worker);
        this.#changed();
      };
      worker.once("exit", done);
      const listener = (message: unknown): void => {
        if (!isReport(message) || message.wampgate !== order) return;
        worker.off("message", listener);
        done();
      };
      worker.on("message", listener);
      this.#give(worker, order);
    }
    return waiting;
  }

  /** Lets all calls end, in all workers, and then ends them. @param shutdownTimeout how long calls may take, in milliseconds */
  async stop(shutdownTimeout: number): Promise<void> {
    this.#isStopping = true;
    for (const { retry } of this.#places) clearTimeout(retry);
    const limit = setTimeout(() => this.kill(), shutdownTimeout + END_TIME);
    // Those that have not started yet have no clients.
    for (const { worker, hasStarted } of this.#places) if (!hasStarted) worker?.process.kill("SIGKILL");
    const draining = this.#order("drain");
    await this.#until(() => draining.size === 0);
    for (const { worker } of this.#places) if (worker !== null) this.#give(worker, "close");
    await this.#until(() => this.#places.every(({ worker }) => worker === null));
    clearTimeout(limit);
  }

  /** Ends all at once. */
  kill(): void {
    this.#isStopping = true;
    for (const { worker } of this.#places) worker?.process.kill("SIGKILL");
  }

  #fork(place: Place): void {
    const { node } = place;
    const worker = cluster.fork({
      ...this.#environment,
      [WORKER]: node,
      NOTIFY_SOCKET: undefined,
      WATCHDOG_USEC: undefined,
    });
    place.worker = worker;
    place.hasStarted = false;
    place.startedAt = performance.now();
    const failed = (error: unknown): void =>
      this.#log.error({ err: error, worker: node }, "a worker was not understood");
    worker.on("error", (error) => failed(error));
    worker.on(
      "message",
      guarded((message: unknown) => this.#received(place, message), failed),
    );
    worker.once("exit", (code, signal) => this.#ended(place, code, signal));
    const send = (message: unknown): void => this.#send(worker, message);
    this.#hub.started({ node, send });
  }

  #received(place: Place, message: unknown): void {
    if (!isReport(message)) return this.#hub.received(place.node, message);
    if (message.wampgate !== "started") return;
    place.hasStarted = true;
    place.wasFine = true;
    if (this.#summary.length === 0) this.#summary = message.summary;
    this.#log.info({ worker: place.node, process: place.worker?.process.pid }, "a worker runs");
    this.#changed();
  }

  #ended(place: Place, code: number | null, signal: string | null): void {
    const { node, wasFine } = place;
    place.worker = null;
    place.hasStarted = false;
    this.#hub.ended(node);
    if (wasFine && !this.#isStopping) this.#startAgain(place, code, signal);
    this.#changed();
  }

  #startAgain(place: Place, code: number | null, signal: string | null): void {
    if (performance.now() - place.startedAt > FINE_TIME) place.delay = RETRY.first;
    const { node, delay } = place;
    place.delay = Math.min(delay * 2, RETRY.most);
    const ended = signal === null ? { code } : { signal };
    this.#log.error({ worker: node, ...ended, delay }, "a worker has ended, with its clients; it is started again");
    place.retry = setTimeout(() => this.#fork(place), delay);
  }

  #give(worker: Worker, order: Order): void {
    this.#send(worker, { wampgate: order });
  }

  #send(worker: Worker, message: unknown): void {
    // The end of a worker is told by its `exit`.
    if (worker.isConnected()) worker.send(message as object, undefined, () => undefined);
  }

  async #allStarted(places: readonly Place[]): Promise<void> {
    const missing = (): Place | undefined => places.find(({ worker, wasFine }) => worker === null && !wasFine);
    await this.#until(() => missing() !== undefined || places.every(({ wasFine }) => wasFine));
    const failed = missing();
    if (failed === undefined) return;
    const isTold = this.#isStopping;
    this.kill();
    await this.#until(() => this.#places.every(({ worker }) => worker === null));
    const why = isTold ? "the router was told to stop while it started" : "what it wrote says why";
    throw new WampgateError("WG_WORKER_START", `the worker ${failed.node} did not start: ${why}`);
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (isSo()) resolve();
        else this.#watchers.push(look);
      };
      look();
    });
  }

  #changed(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const look of watchers) look();
  }
}

/** The first label of the host's name, as a part of names. */
function hostName(): string {
  const [label = ""] = hostname().split(".");
  return label.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 24) || "node";
}
