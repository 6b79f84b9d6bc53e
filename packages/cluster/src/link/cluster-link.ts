import { setImmediate } from "node:timers";
import {
  type Claim,
  type ClaimWish,
  ErrorUri,
  type Fact,
  type LinkStats,
  type Log,
  type NodeName,
  type RealmLink,
  type RealmSide,
  type RemoteMessage,
  type RouterLink,
  type RouterSide,
  type RunningLink,
  unlessRepeated,
} from "@wampgate/core";
import type { Carrier } from "../carrier.ts";
import { Claims } from "./claims.ts";
import { LinkCounts } from "./counts.ts";
import { type Content, contentOf } from "./content.ts";
import { Kind } from "./envelope.ts";
import { wordFor, wordOfMessage } from "./kinds.ts";
import { messageContent } from "./message.ts";
import { enter, keepSecret, remove, secretOf } from "./membership.ts";
import { Nodes } from "./nodes.ts";
import type { NodesListener } from "./nodes-listener.ts";
import type { LinkOptions } from "./options.ts";
import { secretAnswer, toldSecret } from "./told-secret.ts";
import { Reached } from "./reached.ts";
import { Spent } from "./spent.ts";
import { statsOf } from "./stats.ts";
import { ended, within } from "./waits.ts";

/** How long those that wait for other nodes to act by a fact wait for a slow one, in milliseconds. */
const SETTLE_TIME = 500;

/** How long after one node others may read a changed config, in milliseconds. */
const RELOAD_TIME = 2000;

const DRAIN = contentOf(Kind.drain, null);

/** How long a node that starts waits for others: to say that they are there, and to tell all they have. In milliseconds. */
const HELLO_TIME = 1000;
const FACTS_TIME = 10_000;

/** Starts a link over a carrier. @throws Error if the arbiter cannot be reached, or another node is too old or too new */
export async function startLink(carrier: Carrier, options: LinkOptions, log: Log): Promise<ClusterLink> {
  const told = (): Promise<Uint8Array | null> =>
    carrier.forgets === true ? toldSecret(carrier, 2 * options.heartbeat) : Promise.resolve(null);
  try {
    return new ClusterLink(carrier, options, await secretOf(carrier.arbiter, told), log);
  } catch (error) {
    await carrier.close().catch(() => undefined);
    throw error;
  }
}

/** One node of a cluster: what core tells and asks goes to the others, and what they tell comes to core. */
export class ClusterLink implements RunningLink, NodesListener {
  readonly node: NodeName;
  readonly secret: Uint8Array;
  readonly #carrier: Carrier;
  readonly #log: Log;
  readonly #nodes: Nodes;
  readonly #claims: Claims;
  readonly #spent: Spent;
  readonly #reached: Reached;
  readonly #options: LinkOptions;
  readonly #sides = new Map<string, RealmSide>();
  #router: RouterSide | null = null;
  /** Nodes that have told all their facts and all that they have kept, and who waits for one to do it. */
  readonly #settled = new Set<NodeName>();
  #whenSettled: (() => void)[] = [];
  /** Nodes that are about to end, and whether this one is. */
  readonly #draining = new Set<NodeName>();
  #isDraining = false;
  /** Resolves when the carrier has what this turn of the event loop sends; null: it was not asked yet. */
  #asked: Promise<void> | null = null;
  #repairs: NodeJS.Timeout | undefined;
  readonly prefersOwn: boolean;
  readonly stats: LinkStats;
  readonly #counts = new LinkCounts();

  constructor(carrier: Carrier, options: LinkOptions, secret: Uint8Array, log: Log) {
    this.node = carrier.node;
    this.secret = secret;
    this.#carrier = carrier;
    this.#log = log;
    this.#options = options;
    this.#spent = new Spent(carrier.arbiter);
    this.#reached = new Reached(carrier.arbiter, options.heartbeat);
    this.prefersOwn = options["prefer-local"];
    const nodes = new Nodes(carrier, options, this, log, this.#counts);
    this.#nodes = nodes;
    const known = {
      self: { node: carrier.node, incarnation: nodes.incarnation },
      patience: options["dead-after"],
      stateOf: (node: NodeName, incarnation: string) => nodes.stateOf(node, incarnation),
      isDraining: (node: NodeName) => this.#draining.has(node),
      tookFrom: (node: NodeName, incarnation: string) => nodes.tookFrom(node, incarnation),
    };
    const lost = (realm: string, registration: number): void => {
      this.#counts.claimsLost++;
      this.#sides.get(realm)?.lost(registration);
    };
    this.#claims = new Claims(carrier.arbiter, known, lost, (error) => this.#failed(error));
    this.stats = statsOf(this.#counts, nodes);
  }

  get isReady(): boolean {
    // Where the network ends, all nodes are cut off. One that another process has replaced is alone in that.
    if (this.#nodes.isReplaced) return false;
    return this.#nodes.isConnected || !this.#options["unready-when-cut-off"];
  }

  /** The other nodes that are there. */
  get others(): readonly NodeName[] {
    return this.#nodes.open;
  }

  attach(side: RouterSide): RouterLink {
    this.#router = side;
    return {
      announce: (announcement) => this.#announce(contentOf(Kind.announcement, announcement)),
      spend: (key, number, keepFor) => this.#spend(key, number, keepFor),
      canAgree: () => this.#canAgree(),
    };
  }

  join(side: RealmSide): RealmLink {
    const { realm } = side;
    this.#sides.set(realm, side);
    for (const node of this.#nodes.open) this.#introduce(node, side, true);
    return {
      tell: (fact, holds) => this.#tell(realm, fact, holds),
      send: (nodes, message) => this.#send(side, nodes, message),
      reaches: (node) => this.#nodes.reaches(node),
      ...(this.#carrier.taken === undefined ? {} : { taken: () => this.#taken() }),
      claim: (wish) => this.#claim(realm, wish),
      release: (wish, registration) => this.#claims.release(realm, wish, registration),
      leave: () => {
        if (this.#sides.get(realm) === side) this.#sides.delete(realm);
        this.#toAll(contentOf(Kind.left, realm));
      },
    };
  }

  /** The realms have joined: the others may come now. */
  async ready(): Promise<void> {
    const others = await enter(this.#carrier.arbiter, this.node, this.#nodes.incarnation);
    this.#nodes.start();
    this.#repairs = setInterval(() => this.#claims.repair(), this.#options.heartbeat);
    const allSettled = (nodes: readonly NodeName[]): boolean => nodes.every((node) => this.#settled.has(node));
    await within(
      HELLO_TIME,
      this.#until(() => allSettled(others)),
    );
    const here = others.filter((node) => this.#nodes.knows(node));
    await within(
      FACTS_TIME,
      this.#until(() => allSettled(here.filter((node) => this.#nodes.knows(node)))),
    );
  }

  drain(): void {
    this.#isDraining = true;
    this.#toAll(DRAIN);
  }

  async close(): Promise<void> {
    clearInterval(this.#repairs);
    await within(SETTLE_TIME, Promise.all([this.#claims.settled(), this.#nodes.settled()]));
    await within(SETTLE_TIME, remove(this.#carrier.arbiter, this.node, this.#nodes.incarnation).catch(ended));
    this.#nodes.close();
    await this.#carrier.close();
  }

  opened(node: NodeName): void {
    for (const announcement of this.#router?.announcements() ?? [])
      this.#nodes.send(node, contentOf(Kind.announcement, announcement));
    for (const side of this.#sides.values()) this.#introduce(node, side, false);
    this.#nodes.send(node, contentOf(Kind.settled, null));
    if (this.#isDraining) this.#nodes.send(node, DRAIN);
  }

  broken(node: NodeName): void {
    this.#settled.delete(node);
    for (const side of this.#sides.values()) side.broken(node);
    this.#tellWaiting();
  }

  gone(node: NodeName): void {
    this.#settled.delete(node);
    this.#draining.delete(node);
    for (const side of this.#sides.values()) side.gone(node);
    this.#tellWaiting();
  }

  asked(node: NodeName): void {
    this.#carrier.send(node, secretAnswer(this.secret));
  }

  caughtUp(node: NodeName): void {
    for (const side of this.#sides.values()) this.#copyKept(node, side);
  }

  wasGone(): void {
    this.#claims.recheck();
  }

  connected(): void {
    this.#claims.recheck();
    this.#enterAgain().catch((error: unknown) => this.#failed(error));
  }

  /** The arbiter may have lost what nodes have there besides claims. */
  async #enterAgain(): Promise<void> {
    const { arbiter } = this.#carrier;
    if (!(await keepSecret(arbiter, this.secret)))
      this.#log.error({}, "the arbiter has the secret of another cluster: start this node again");
    await enter(arbiter, this.node, this.#nodes.incarnation);
  }

  messaged(node: NodeName, realm: string, message: unknown): void {
    const side = this.#sides.get(realm);
    if (side === undefined) return;
    this.#counts.counted(wordOfMessage(message), "received");
    side.received(node, message);
  }

  received(node: NodeName, kind: number, head: unknown): void {
    if (kind === Kind.settled) {
      for (const side of this.#sides.values()) side.settled(node);
      return void this.#nodes.send(node, contentOf(Kind.copied, null));
    }
    if (kind === Kind.copied) {
      this.#settled.add(node);
      return this.#tellWaiting();
    }
    if (kind === Kind.announcement) return void this.#router?.announced(node, head);
    if (kind === Kind.drain) {
      this.#draining.add(node);
      for (const side of this.#sides.values()) side.draining(node);
      return;
    }
    const [realm, one, two] = (Array.isArray(head) ? head : [head]) as readonly unknown[];
    const side = typeof realm === "string" ? this.#sides.get(realm) : undefined;
    if (side === undefined) return this.#notHere(node, kind, realm);
    switch (kind) {
      case Kind.realm:
        side.came(node);
        if (this.#draining.has(node)) side.draining(node);
        if (one === true) this.#introduce(node, side, false);
        return;
      case Kind.told:
        return this.#copyKept(node, side);
      case Kind.left:
        return side.gone(node);
      case Kind.fact:
        side.told(node, two, one === true);
        return;
    }
  }

  /** A node tells of a realm that this one has not got. A reload may just be on its way. */
  #notHere(node: NodeName, kind: number, realm: unknown): void {
    if (kind !== Kind.realm || typeof realm !== "string") return;
    const looked = (): void => {
      if (this.#sides.has(realm) || !this.#nodes.knows(node)) return;
      const message = "another node has a realm that this one has not got: give all nodes the same config";
      unlessRepeated(this, `realm of ${node}`, (repeats) => this.#log.warn({ node, realm, ...repeats }, message));
    };
    setTimeout(looked, RELOAD_TIME).unref();
  }

  /** Tells a node that this one has a realm, and its facts. @param asks whether it shall do the same */
  #introduce(node: NodeName, side: RealmSide, asks: boolean): void {
    const { realm } = side;
    this.#nodes.send(node, contentOf(Kind.realm, [realm, asks]));
    for (const fact of side.facts()) this.#nodes.send(node, contentOf(Kind.fact, [realm, true, fact]));
    this.#nodes.send(node, contentOf(Kind.told, realm));
  }

  /** Tells a node what this one has kept of past events. From now on it gets each event that it wants. */
  #copyKept(node: NodeName, side: RealmSide): void {
    for (const fact of side.kept()) this.#nodes.send(node, contentOf(Kind.fact, [side.realm, true, fact]));
  }

  async #tell(realm: string, fact: Fact, holds: boolean): Promise<void> {
    await this.#announce(contentOf(Kind.fact, [realm, holds, fact]));
  }

  /** The carrier is asked once for all that one turn of the event loop sends. It answers behind all that it was sent before. */
  #taken(): Promise<void> {
    return (this.#asked ??= new Promise((resolve, reject) =>
      setImmediate(() => {
        this.#asked = null;
        this.#nodes.leave();
        (this.#carrier.taken?.() ?? Promise.resolve()).then(resolve, reject);
      }),
    ));
  }

  /** Resolves when all nodes that are there act by it, or the time is up. */
  async #announce(content: Content): Promise<void> {
    if (!this.#toAll(content)) return;
    if (!(await within(SETTLE_TIME, this.#nodes.settled()))) this.#counts.unsettled++;
  }

  async #claim(realm: string, wish: ClaimWish): Promise<Claim | null> {
    const start = performance.now();
    try {
      return await this.#claims.claim(realm, wish);
    } finally {
      this.#counts.claim.add(performance.now() - start);
    }
  }

  async #spend(key: string, number: number, keepFor: number): Promise<boolean> {
    try {
      return await this.#spent.spend(key, number, keepFor);
    } catch (error) {
      if (!this.#options["offline-second-factor"]) throw error;
      unlessRepeated(this, "offline", (repeats) =>
        this.#log.warn({ err: error, ...repeats }, "what is used once was judged by this node alone"),
      );
      return true;
    }
  }

  /** Asks the arbiter: of a network that is parted its own carrier may tell this node nothing. */
  async #canAgree(): Promise<boolean> {
    if (this.#options["offline-second-factor"]) return true;
    return this.#nodes.isConnected && this.#reached.isSo();
  }

  #send(side: RealmSide, nodes: readonly NodeName[], message: RemoteMessage): void {
    const content = messageContent(side.realm, message);
    const word = wordFor(message);
    for (const node of nodes) {
      if (message.type === "INVOCATION" && message.isFirst && !this.#nodes.hasRoom(node))
        this.#refuse(side, node, message.request);
      else if (!this.#nodes.send(node, content, word) && message.type === "QUESTION")
        this.#refuseQuestion(side, node, message.request);
    }
  }

  /** A call is not sent to a node for which too much waits, or which cannot be reached. */
  #refuse(side: RealmSide, node: NodeName, request: number): void {
    const error = { type: "ERROR", request, details: {}, error: ErrorUri.networkFailure, cause: null };
    setImmediate(() => side.received(node, error));
  }

  #refuseQuestion(side: RealmSide, node: NodeName, request: number): void {
    const error = { uri: ErrorUri.networkFailure, message: `the node ${node} cannot be reached` };
    setImmediate(() => side.received(node, { type: "ANSWER", request, value: null, error }));
  }

  /** @returns whether there is another node */
  #toAll(content: Content): boolean {
    const nodes = this.#nodes.open;
    for (const node of nodes) this.#nodes.send(node, content);
    return nodes.length > 0;
  }

  /** Resolves when `isSo`, which changes when nodes settle and close. */
  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (isSo()) resolve();
        else this.#whenSettled.push(look);
      };
      look();
    });
  }

  #tellWaiting(): void {
    const waiting = this.#whenSettled;
    this.#whenSettled = [];
    for (const look of waiting) look();
  }

  #failed(error: unknown): void {
    unlessRepeated(this, "claims", (repeats) =>
      this.#log.warn({ err: error, ...repeats }, "who holds a procedure could not be settled; it is tried again"),
    );
  }
}
