import { createHash, createHmac, randomUUID } from "node:crypto";
import type { Log } from "../contract/log.ts";
import type { NodeName, RunningLink } from "../contract/realm-link.ts";
import type { Announcement, RouterLink, RouterSide, SharedState } from "../contract/shared-state.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import { Deadline, untilAborted, within } from "../wamp/deadline.ts";
import { attempt } from "../wamp/guarded.ts";
import { isId } from "../wamp/ids.ts";
import { isDict } from "../wamp/messages.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";
import type { SharedLogins } from "../limits/failed-logins.ts";
import { KeptAnnouncements } from "./kept-announcements.ts";
import { SpentNumbers } from "./spent-numbers.ts";

/** How long the link may take to tell the others, and to spend a number, in milliseconds. */
const ANNOUNCE_TIMEOUT = 5000;
const SPEND_TIMEOUT = 5000;
/** How long it may take to say whether the nodes can agree: a login waits for it, and has other ways in. */
const AGREE_TIMEOUT = 1000;

/** The longest value that is announced, in characters of JSON. */
const MOST_TEXT = 64 * 1024;

/** The longest time for which something is kept, in seconds. */
const LONGEST = 86_400;

/** The texts of `start` and `topic` that others may send, in characters. */
const MOST_NAME = 1000;

/** How many nodes are remembered. */
const MOST_NODES = 1000;

/** The topic by which nodes tell what was spent. Those of plugins begin with the plugin's name. */
const SPENT = "spent";

/** The topic by which nodes tell what logins have failed. */
const LOGINS = "logins";

type Listener = (value: unknown) => void;

/** What all nodes of a cluster share beside their realms: announcements, and numbers that are spent once. */
export class Shared implements RouterSide {
  readonly #log: Log;
  readonly #start = randomUUID();
  #lastNumber = 0;
  /** Null: this router stands alone, or is not linked yet. */
  #link: RouterLink | null = null;
  #secret: Uint8Array | null = null;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #kept = new KeptAnnouncements();
  readonly #spent = new SpentNumbers();
  /** What plugins announce in what is done now; null: nothing waits for it. */
  #telling: Promise<void>[] | null = null;
  /** The last announcement of each node that came. */
  readonly #heard = new Map<NodeName, Pick<Announcement, "start" | "number">>();

  constructor(log: Log) {
    this.#log = log;
    this.on(SPENT, (value) => this.#toldSpent(value));
  }

  /** Shares with other nodes from now on. */
  connect(running: RunningLink): void {
    this.#secret = running.secret;
    this.#link = running.attach(this);
  }

  /** The router is not linked any more. */
  disconnect(): void {
    this.#link = null;
  }

  /** What is shared of failed logins. Alone, no text needs to be hidden. */
  get logins(): SharedLogins {
    const isLinked = (): boolean => this.#link !== null;
    return {
      get isLinked() {
        return isLinked();
      },
      keyOf: (text) => (isLinked() ? this.#keyOf(text) : text),
      tell: (told) => void this.announce(LOGINS, told).catch(() => undefined),
      listen: (listener) => this.on(LOGINS, listener),
    };
  }

  /** What a plugin gets of it. */
  of(plugin: string): SharedState {
    const wrong = (what: string): PluginError => new PluginError("WG_PLUGIN_SHARED", plugin, what);
    const nameOf = (topic: string): string => {
      if (typeof topic === "string" && topic !== "" && topic.length <= MOST_NAME / 2) return `${plugin} ${topic}`;
      throw wrong("a topic of api.shared must be a text of 1 to 500 characters");
    };
    const millisecondsOf = (keepFor: number): number => {
      if (typeof keepFor === "number" && keepFor >= 0 && keepFor <= LONGEST) return keepFor * 1000;
      throw wrong(`keepFor must be a number of seconds from 0 to ${LONGEST}`);
    };
    return {
      announce: (topic, value, { keepFor = 0 } = {}) => {
        const text = JSON.stringify(value) as string | undefined;
        if (text === undefined || text.length > MOST_TEXT)
          throw wrong(`what is announced must be what JSON can say, and ${MOST_TEXT} characters long at most`);
        const name = nameOf(topic);
        this.#heardOf(name, JSON.parse(text));
        const told = this.announce(name, JSON.parse(text), { keepFor: millisecondsOf(keepFor), size: text.length });
        this.#telling?.push(told);
        return told;
      },
      on: (topic, listener) => this.on(nameOf(topic), listener),
      spend: async (key, number, { keepFor }) => {
        if (typeof key !== "string" || !Number.isSafeInteger(number) || number < 0)
          throw wrong("spend() takes a text and a whole number from 0");
        return this.#spend(this.#keyOf(JSON.stringify([plugin, key])), number, millisecondsOf(keepFor));
      },
      canAgree: () => this.#canAgree(),
    };
  }

  /**
   * Does something.
   * @returns resolves when the other nodes have what plugins announced in it, as `announce` does; null: there is nothing to wait for
   */
  telling(work: () => void): Promise<unknown> | null {
    if (this.#link === null) {
      work();
      return null;
    }
    const outer = this.#telling;
    const told: Promise<void>[] = (this.#telling = []);
    try {
      work();
    } finally {
      this.#telling = outer;
    }
    return told.length === 0 ? null : Promise.all(told);
  }

  /**
   * Tells the other nodes. Never rejects, and does not throw.
   * @param options `keepFor`: for how long nodes that come later are told, in milliseconds; `size`: about how many bytes it takes
   */
  async announce(topic: string, value: unknown, { keepFor = 0, size = 0 } = {}): Promise<void> {
    const announcement = { start: this.#start, number: ++this.#lastNumber, topic, value };
    if (keepFor > 0) this.#kept.keep(announcement, size + 2 * topic.length, keepFor);
    const link = this.#link;
    if (link === null) return;
    const limit = new Deadline(ANNOUNCE_TIMEOUT);
    try {
      await untilAborted(link.announce(announcement), limit.signal);
    } catch (error) {
      this.#failed("tell other nodes", error);
    } finally {
      limit.end();
    }
  }

  /** Calls `listener` with what other nodes announce. What it throws is logged. */
  on(topic: string, listener: Listener): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  announcements(): Iterable<Announcement> {
    return this.#kept.all();
  }

  announced(node: NodeName, announcement: unknown): boolean {
    if (!isAnnouncement(announcement)) {
      unlessRepeated(this, "unreadable", (repeats) =>
        this.#log.warn({ node, ...repeats }, "another node announced what cannot be read; it was dropped"),
      );
      return false;
    }
    const { start, number, topic, value } = announcement;
    const last = this.#heard.get(node);
    if (last?.start === start && number <= last.number) return true; // it came before
    this.#heard.delete(node);
    this.#heard.set(node, { start, number });
    const [oldest] = this.#heard.keys();
    if (this.#heard.size > MOST_NODES && oldest !== undefined) this.#heard.delete(oldest);
    this.#heardOf(topic, value);
    return true;
  }

  /** The arbiter decides; the others remember it, too, for the case that the arbiter forgets. */
  async #spend(key: string, number: number, keepFor: number): Promise<boolean> {
    if (!this.#spent.spend(key, number, keepFor)) return false;
    const link = this.#link;
    if (link === null) return true;
    const limit = new Deadline(SPEND_TIMEOUT);
    try {
      if (!(await untilAborted(link.spend(key, number, keepFor), limit.signal))) return false;
    } catch (error) {
      this.#failed("agree with other nodes on what was used", error);
      throw new WampgateError("WG_CUT_OFF", "the nodes of the router cannot agree now whether it was used already", {
        cause: error,
      });
    } finally {
      limit.end();
    }
    await this.announce(SPENT, [key, number, keepFor], { keepFor, size: 2 * key.length });
    return true;
  }

  async #canAgree(): Promise<boolean> {
    const link = this.#link;
    if (link === null) return true;
    try {
      return await within(AGREE_TIMEOUT, undefined, () => link.canAgree());
    } catch (error) {
      this.#failed("find out whether the nodes can agree", error);
      return false;
    }
  }

  /** A text as other nodes know it: no stranger can make its hash. A router that stands alone needs no secret. */
  #keyOf(text: string): string {
    const hash = this.#secret === null ? createHash("sha256") : createHmac("sha256", this.#secret);
    return hash.update(text).digest("hex");
  }

  #toldSpent(value: unknown): void {
    const [key, number, keepFor] = (Array.isArray(value) ? value : []) as readonly unknown[];
    const isTime = typeof keepFor === "number" && keepFor >= 0 && keepFor <= LONGEST * 1000;
    if (typeof key === "string" && key.length <= MOST_NAME && Number.isSafeInteger(number) && isTime)
      this.#spent.spend(key, number as number, keepFor);
  }

  #heardOf(topic: string, value: unknown): void {
    for (const listener of this.#listeners.get(topic) ?? [])
      attempt(
        () => listener(value),
        (error) =>
          unlessRepeated(listener, "threw", (repeats) =>
            this.#log.error({ err: error, topic, ...repeats }, "a listener to announcements of the nodes has failed"),
          ),
      );
  }

  #failed(what: string, error: unknown): void {
    unlessRepeated(this, what, (repeats) => this.#log.error({ err: error, ...repeats }, `the link failed to ${what}`));
  }
}

function isAnnouncement(value: unknown): value is Announcement {
  if (!isDict(value)) return false;
  const { start, number, topic } = value;
  return isName(start) && isName(topic) && isId(number) && "value" in value;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= MOST_NAME;
}
