import { setTimeout as wait } from "node:timers/promises";
import { type Msg, type NatsConnection, NoRespondersError, type Subscription } from "@nats-io/transport-node";
import type { Carrier, Receiver } from "@wampgate/cluster";
import { type LinkContext, type NodeName, unlessRepeated } from "@wampgate/core";
import { nodeNameOf } from "../node-name.ts";
import { clusterKeyOf } from "../seal/keys.ts";
import { SealedCarrier } from "../seal/sealed-carrier.ts";
import type { NatsOptions } from "../options.ts";
import { lastPart, Subjects } from "../subjects.ts";
import { NatsBucket, noBucket } from "./bucket.ts";
import { connectTo } from "./connection.ts";
import { Outbox } from "./outbox.ts";
import { NameTaken, OwnName, PLACE } from "./own-name.ts";
import { Rights } from "./rights.ts";

/** What the carrier must know of the link. */
export interface LinkTimes {
  readonly heartbeat: number;
  readonly "dead-after": number;
}

/** How long another process of this node's name may take to say so, in milliseconds. */
const TWIN_TIME = 2000;

/** How long it is waited for what NATS may never answer, in milliseconds. */
const SOON = 1000;

/** How long to wait before NATS is asked again who has this node's name, in milliseconds. */
const ASK_AGAIN = 1000;

/** The most that is sent at once, in bytes, also where NATS takes more. */
const MAX_BYTES = 1024 * 1024;

/** By which NATS tells that no process listens to a subject. */
const NO_RESPONDERS = 503;

/** How much of a heartbeat may pass until it is asked again whether another node is there. */
const ASK_AFTER = 0.8;

/**
 * Connects this node to the others by NATS.
 * @throws Error a sentence that says why that cannot be
 */
export async function openNats(options: NatsOptions & LinkTimes, context: LinkContext): Promise<Carrier> {
  const node = options.node ?? nodeNameOf();
  const subjects = new Subjects(options.name, node);
  const { folder, signal, log } = context;
  const patience = options["dead-after"];
  const nc = await connectTo(options, { node, folder, inbox: subjects.inbox, patience, signal });
  const carrier = new NatsCarrier(nc, node, subjects, options, log);
  try {
    await carrier.open(options);
    const key = options.seal === undefined ? null : clusterKeyOf(options.seal);
    if (key === null && isOpen(options))
      log.warn({}, "whoever can read the network to NATS reads all messages: set tls or seal in cluster");
    return key === null ? carrier : new SealedCarrier(carrier, key, options.name, log);
  } catch (error) {
    await carrier.close();
    throw error;
  }
}

/** Carries over NATS. What is sent while it cannot be reached is dropped: it would come late. */
class NatsCarrier implements Carrier {
  readonly node: NodeName;
  readonly forgets = true;
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  readonly #log: LinkContext["log"];
  readonly #outbox: Outbox;
  readonly #ended = new AbortController();
  readonly #rights: Rights;
  #bucket: NatsBucket | null = null;
  #name: OwnName | null = null;
  #receiver: Receiver | null = null;
  /** Whether this node reaches NATS, and acts by its name. */
  #isConnected = true;
  #reachesNats = true;
  /** How often the connection broke. */
  #breaks = 0;
  /** What looks whether another process has taken this node's name. */
  #looking: Promise<void> | null = null;

  constructor(
    nc: NatsConnection,
    node: NodeName,
    subjects: Subjects,
    { heartbeat }: LinkTimes,
    log: LinkContext["log"],
  ) {
    this.#nc = nc;
    this.node = node;
    this.#subjects = subjects;
    this.#log = log;
    this.#rights = new Rights(nc, subjects);
    this.#outbox = new Outbox({
      subjects,
      askAfter: heartbeat * ASK_AFTER,
      publish: (subject, bytes, reply) => this.#publish(subject, bytes, reply),
    });
    this.#follow().catch((error: unknown) =>
      this.#log.error({ err: error }, "the state of NATS is not known any more"),
    );
  }

  get maxBytes(): number {
    return Math.min(this.#nc.info?.max_payload ?? MAX_BYTES, MAX_BYTES);
  }

  get arbiter(): NatsBucket {
    if (this.#bucket === null) throw new Error("the bucket is not open");
    return this.#bucket;
  }

  /** @throws Error if another process has this node's name, or NATS does not let it do what it must */
  async open({ name, replicas, "connect-timeout": patience }: NatsOptions): Promise<void> {
    const { signal } = this.#ended;
    const arbiter = (this.#bucket = await this.#openBucket(name, replicas, performance.now() + patience));
    this.#name = new OwnName({ cluster: name, node: this.node, arbiter, ask: () => this.#placeOfTwin(), signal });
    await this.#name.claim();
    this.#subscribe(this.#subjects.own, (message) => this.#received(message));
    this.#subscribe(this.#subjects.hello, (message) => this.#received(message));
    this.#subscribe(this.#subjects.absent, ({ subject, headers }) => {
      if (headers?.code === NO_RESPONDERS) this.#receiver?.absent(lastPart(subject));
    });
    await this.#nc.flush();
    await this.#rights.require();
    await this.#name.confirm();
  }

  /** @param end until when it is tried, in milliseconds of `performance.now()` */
  async #openBucket(cluster: string, replicas: number, end: number): Promise<NatsBucket> {
    const bucket = { cluster, replicas, isConnected: () => this.#reachesNats, signal: this.#ended.signal };
    try {
      return await NatsBucket.open(this.#nc, bucket, () => this.#rights.areFull && performance.now() < end);
    } catch (error) {
      await this.#rights.require();
      throw new Error(noBucket(error), { cause: error });
    }
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  send(to: NodeName, bytes: Uint8Array): void {
    if (this.#isConnected) this.#outbox.send(to, bytes);
  }

  sendAll(bytes: Uint8Array): void {
    if (this.#isConnected) this.#publish(this.#subjects.toAll(), bytes, null);
  }

  taken(): Promise<void> {
    return this.#isConnected ? this.#nc.flush() : Promise.reject(new Error("NATS cannot be reached"));
  }

  async close(): Promise<void> {
    this.#receiver = null;
    if (this.#reachesNats && this.#name !== null) await soon(this.#name.release());
    this.#ended.abort(new Error("this node ends"));
    if (this.#reachesNats) await soon(this.#nc.flush());
    await soon(this.#nc.close());
  }

  #publish(subject: string, bytes: Uint8Array, reply: string | null): void {
    try {
      this.#nc.publish(subject, bytes, reply === null ? {} : { reply });
    } catch (error) {
      unlessRepeated(this, "publish", (repeats) =>
        this.#log.error({ err: error, ...repeats }, "NATS did not take what was to be sent to other nodes"),
      );
    }
  }

  #subscribe(subject: string, take: (message: Msg) => void): Subscription {
    return this.#nc.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) take(message);
      },
    });
  }

  #received(message: Msg): void {
    const from = lastPart(message.subject);
    if (from !== this.node) {
      this.#receiver?.received(from, message.data);
      return;
    }
    // Only a process that wants this node's name asks there, and one that has got it says hello by it.
    if (message.reply !== undefined && message.reply !== "") message.respond(PLACE);
    else if (message.data.length > 0) this.#lookForTwin().catch(noop);
  }

  /**
   * Where another process is that has this node's name; null: there is none. One that does not answer is taken for a connection
   * that is dead.
   */
  async #placeOfTwin(): Promise<string | null> {
    const breaks = this.#breaks;
    try {
      return (await this.#nc.request(this.#subjects.to(this.node), "", { timeout: TWIN_TIME })).string();
    } catch (error) {
      if (!isUnanswered(error)) await this.#rights.require();
      if (this.#breaks !== breaks)
        throw new Error("NATS was lost while another process was asked for by this node's name: start the node again", {
          cause: error,
        });
      return null;
    }
  }

  /** Follows the state of the connection until it is closed. */
  async #follow(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === "disconnect" || status.type === "close") this.#disconnected();
      else if (status.type === "reconnect") this.#connected().catch(noop);
      else if (status.type === "error") this.#failed(status.error);
    }
  }

  #disconnected(): void {
    if (!this.#reachesNats) return;
    this.#breaks++;
    this.#reachesNats = false;
    this.#isConnected = false;
    this.#receiver?.disconnected();
  }

  async #connected(): Promise<void> {
    const breaks = this.#breaks;
    this.#reachesNats = true;
    this.#bucket?.reconnected();
    // What NATS cannot say soon is found out later: nodes need no leader of NATS for most of what they do.
    await soon(this.#lookForTwin());
    if (this.#breaks !== breaks) return;
    this.#isConnected = true;
    this.#outbox.reconnected();
    this.#receiver?.connected();
  }

  /** Finds out whether another process has taken this node's name, however long that takes. Never rejects. */
  #lookForTwin(): Promise<void> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = null)));
  }

  async #look(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const breaks = this.#breaks;
      try {
        await this.#name?.keep();
        if (this.#breaks === breaks) return;
      } catch (error) {
        if (error instanceof NameTaken) return this.#replaced(error);
        if (!this.#reachesNats) return; // it looks again when it is back
        await wait(ASK_AGAIN, undefined, { signal }).catch(noop);
      }
    }
  }

  /** Another process has this node's name: this one does nothing by that name any more. */
  async #replaced({ message }: NameTaken): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#log.error(
      { node: this.node },
      `${message}. Until it is started again, this process serves its own clients alone`,
    );
    this.#disconnected();
    this.#receiver?.disconnected(true);
    await soon(this.#nc.close());
  }

  #failed(error: Error): void {
    this.#rights.failed(error);
    unlessRepeated(this, error.message, (repeats) =>
      this.#log.error({ err: error, ...repeats }, "NATS reports an error"),
    );
  }
}

/** Whether a server is on another machine and spoken to without TLS. */
function isOpen({ servers, tls }: NatsOptions): boolean {
  return (
    tls === undefined && servers.some((server) => !/^(?:tls:|(?:nats:\/\/)?(?:localhost|127\.|\[::1\]))/.test(server))
  );
}

function isUnanswered(error: unknown): boolean {
  if (error instanceof NoRespondersError) return true;
  return error instanceof Error && (error.name === "TimeoutError" || error.cause instanceof NoRespondersError);
}

/** Resolves when a promise has ended, or the time is up. Never rejects. */
async function soon(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, SOON)));
  await Promise.race([promise.then(noop, noop), late]);
  clearTimeout(timer);
}

function noop(): void {
  // Its end matters, and not how it ends.
}
