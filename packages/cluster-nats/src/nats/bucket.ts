import { setTimeout as wait } from "node:timers/promises";
import { jetstream, JetStreamApiCodes, JetStreamApiError, type JetStreamClient } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { headers, type NatsConnection, TimeoutError } from "@nats-io/transport-node";
import type { Arbiter, Entry } from "@wampgate/cluster";

/** How long NATS may take to answer one request, in milliseconds. */
const REQUEST_TIME = 2000;

/** How long something is tried while NATS elects a leader or cannot be reached, in milliseconds. */
const PATIENCE = 9000;

/** How long to wait before something is tried again, in milliseconds. */
const RETRY = 100;

/** The status by which NATS says that its servers have no leader now. */
const UNAVAILABLE = 503;

export interface BucketOptions {
  /** The cluster's name. */
  readonly cluster: string;
  readonly replicas: number;
  /** Whether the connection is there. */
  readonly isConnected: () => boolean;
  /** Fires when the node ends: what waits then rejects. */
  readonly signal: AbortSignal;
}

/** One life of a bucket. NATS counts its revisions from 1 again if it was lost; those of the arbiter go on growing. */
interface Life {
  readonly kv: KV;
  /** What a revision of NATS is less than one of the arbiter. */
  readonly base: number;
}

/** A key-value bucket of JetStream, which decides for all nodes who was first. */
export class NatsBucket implements Arbiter {
  readonly #js: JetStreamClient;
  readonly #options: BucketOptions;
  readonly #name: string;
  #life: Life;
  /** Whether the bucket may have been lost meanwhile. */
  #isDoubtful = false;
  #lastSequence = 0;

  private constructor(js: JetStreamClient, life: Life, options: BucketOptions) {
    this.#js = js;
    this.#life = life;
    this.#options = options;
    this.#name = bucketOf(options.cluster);
  }

  /**
   * Opens the bucket of a cluster, and makes it if there is none.
   * @param goesOn whether to try it again, while NATS elects a leader
   * @throws Error if NATS has no JetStream, or does not let this node use it
   */
  static async open(nc: NatsConnection, options: BucketOptions, goesOn: () => boolean): Promise<NatsBucket> {
    const js = jetstream(nc, { timeout: REQUEST_TIME });
    for (;;) {
      try {
        return new NatsBucket(js, await opened(js, options), options);
      } catch (error) {
        const isUnavailable = error instanceof JetStreamApiError && error.status === UNAVAILABLE;
        if (!(isUnavailable || isBeingMade(error) || error instanceof TimeoutError) || !goesOn()) throw error;
        await wait(RETRY, undefined, { signal: options.signal });
      }
    }
  }

  /** The connection was lost, and is there again. */
  reconnected(): void {
    this.#isDoubtful = true;
  }

  create(key: string, value: string): Promise<number | null> {
    return this.#try(async ({ kv }) => this.#revisionOf(await unlessChanged(kv.create(key, value))));
  }

  update(key: string, value: string, revision: number): Promise<number | null> {
    return this.#try(async ({ kv, base }) => {
      if (revision <= base) return null; // it is of a bucket that was lost
      return this.#revisionOf(await unlessChanged(kv.update(key, value, revision - base)));
    });
  }

  async delete(key: string, revision: number): Promise<boolean> {
    const marker = await this.#try((life, isRetry) => this.#mark(life, key, revision, isRetry));
    if (marker === null) return false;
    this.#forget(key, marker);
    return true;
  }

  get(key: string): Promise<Entry | null> {
    return this.#try((life) => entryOf(life, key));
  }

  keys(prefix: string): Promise<readonly string[]> {
    return this.#try(async () => {
      const start = this.#subjectOf("");
      const jsm = await this.#js.jetstreamManager(false);
      const { state } = await jsm.streams.info(`KV_${this.#name}`, { subjects_filter: `${start}>` });
      return Object.keys(state.subjects ?? {})
        .map((subject) => subject.slice(start.length))
        .filter((key) => key.startsWith(prefix));
    });
  }

  /** Puts a mark in the place of a value. @returns the sequence of the mark; null if `revision` is not the present one */
  async #mark(life: Life, key: string, revision: number, isRetry: boolean): Promise<number | null> {
    const sequence = revision - life.base;
    if (sequence <= 0) return null;
    const marks = headers();
    marks.set("KV-Operation", "DEL");
    const expect = { lastSubjectSequence: sequence };
    const marked = this.#js.publish(this.#subjectOf(key), "", { headers: marks, expect }).then(({ seq }) => seq);
    const mark = await unlessChanged(marked);
    // An attempt that was not answered may have deleted it.
    return mark === null && isRetry && (await entryOf(life, key)) === null ? sequence : mark;
  }

  /** The arbiter's revision of a change. */
  async #revisionOf(sequence: number | null): Promise<number | null> {
    if (sequence === null) return null;
    if (sequence < this.#lastSequence) await this.#reopen(); // another node has made the bucket again
    this.#lastSequence = sequence;
    return sequence + this.#life.base;
  }

  /** Removes the mark of a deleted value, or the bucket would grow with each procedure that ever was. */
  #forget(key: string, marker: number): void {
    const purge = async (): Promise<void> => {
      const jsm = await this.#js.jetstreamManager(false);
      await jsm.streams.purge(`KV_${this.#name}`, { filter: this.#subjectOf(key), seq: marker + 1 });
    };
    purge().catch(() => undefined); // it stays, and harms nothing but room
  }

  #subjectOf(key: string): string {
    return `$KV.${this.#name}.${key}`;
  }

  /** Tries something until it is decided. @throws Error if that cannot be had in time */
  async #try<T>(ask: (life: Life, isRetry: boolean) => Promise<T>): Promise<T> {
    const { signal, isConnected } = this.#options;
    let why: unknown = new Error("NATS cannot be reached");
    let isRetry = false;
    for (const end = performance.now() + PATIENCE; performance.now() < end;) {
      signal.throwIfAborted();
      if (isConnected()) {
        try {
          if (this.#isDoubtful) await this.#reopen();
          return await ask(this.#life, isRetry);
        } catch (error) {
          if (!mayPass(error)) throw error;
          why = error;
          isRetry = true;
          this.#isDoubtful = true;
        }
      }
      await wait(RETRY, undefined, { signal });
    }
    throw why;
  }

  /** Makes the bucket again if NATS has lost it. */
  async #reopen(): Promise<void> {
    this.#life = await opened(this.#js, this.#options);
    this.#lastSequence = 0;
    this.#isDoubtful = false;
  }
}

/** The name of the bucket of a cluster. */
export function bucketOf(cluster: string): string {
  return `wampgate-${cluster}`;
}

/** Why there is no bucket, for the operator. */
export function noBucket(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `NATS has no bucket for this node (${why}): start it with JetStream (nats-server -js), and give this node's user the rights to it`;
}

async function opened(js: JetStreamClient, { cluster, replicas }: BucketOptions): Promise<Life> {
  // Reads are answered by the leader: a follower may not know yet what was decided.
  const kv = await new Kvm(js).create(bucketOf(cluster), { history: 1, replicas, allow_direct: false });
  const { streamInfo } = await kv.status();
  return { kv, base: baseOf(new Date(streamInfo.created)) };
}

/** No bucket is changed more than a million times a second, so one that is made later has greater revisions. */
function baseOf(created: Date): number {
  const seconds = Math.floor((created.getTime() - SINCE) / 1000);
  return Math.max(0, seconds) * 2 ** 20;
}

const SINCE = Date.UTC(2024, 0);

async function entryOf({ kv, base }: Life, key: string): Promise<Entry | null> {
  const entry = await kv.get(key);
  if (entry?.operation !== "PUT") return null;
  return { value: entry.string(), revision: entry.revision + base };
}

/** Null if another one was first. */
async function unlessChanged(revision: Promise<number>): Promise<number | null> {
  try {
    return await revision;
  } catch (error) {
    if (isApiError(error, WRONG_SEQUENCE)) return null;
    throw error;
  }
}

const WRONG_SEQUENCE: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];

function isApiError(error: unknown, codes: readonly number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

/** By which NATS says that another stream has the same subjects: also while another node makes this very bucket. */
const OVERLAP = 10065;

/** Whether another node makes the bucket just now. */
function isBeingMade(error: unknown): boolean {
  return isApiError(error, [OVERLAP]);
}

/** Whether something may be decided later: there was no answer, or the servers are not ready. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError) || isBeingMade(error)) return true;
  return error.code === JetStreamApiCodes.StreamNotFound || error.status >= 500;
}
