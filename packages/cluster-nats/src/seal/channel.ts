import type { NodeName } from "@wampgate/core";
import { derivedKey, NONCE_BYTES, opened, sealed, TAG_BYTES } from "./keys.ts";

// A sealed frame:
//
//     0 u8 kind   1 salt of the sender (16)   17 u64 number   25 what is sealed   … tag (16)
//
// Each process draws a salt when it starts. What is for one node has a key of both salts, so nothing that was sent to or
// from an earlier process opens it. Numbers grow: nothing opens twice.

export const SALT_BYTES = 16;
const HEAD = 1 + SALT_BYTES + 8;

/** How many bytes a sealed frame is longer than what is in it. */
export const OVERHEAD = HEAD + TAG_BYTES;

/** What a frame is for. None of them is a version of what nodes send without a seal. */
export const FrameKind = {
  /** To all nodes. */
  toAll: 0xa1,
  /** To one node. */
  toOne: 0xa2,
  /** To one node, which is to know that this one is there; nothing is in it. */
  greeting: 0xa3,
} as const;

/** One way between two processes, or from one process to all. */
export class Channel {
  readonly #key: Buffer;
  readonly #salt: Uint8Array;
  #number = 0n;

  /** @param salt of the sender */
  constructor(key: Buffer, salt: Uint8Array) {
    this.#key = key;
    this.#salt = salt;
  }

  seal(kind: number, bytes: Uint8Array): Buffer {
    const head = Buffer.alloc(HEAD);
    head[0] = kind;
    head.set(this.#salt, 1);
    head.writeBigUInt64BE(++this.#number, 1 + SALT_BYTES);
    return Buffer.concat([head, ...sealed(this.#key, nonceOf(head), head, bytes)]);
  }

  /** What is in a frame; null if it is not of this channel, was changed, or came before. */
  open(frame: Uint8Array): Buffer | null {
    const head = Buffer.from(frame.buffer, frame.byteOffset, HEAD);
    const number = head.readBigUInt64BE(1 + SALT_BYTES);
    if (number <= this.#number) return null;
    const bytes = opened(this.#key, nonceOf(head), head, frame.subarray(HEAD));
    if (bytes !== null) this.#number = number;
    return bytes;
  }
}

/** Makes the channels of one process. */
export class Channels {
  readonly salt: Uint8Array;
  readonly #clusterKey: Uint8Array;
  readonly #cluster: string;
  readonly #node: NodeName;

  constructor(clusterKey: Uint8Array, cluster: string, node: NodeName, salt: Uint8Array) {
    this.#clusterKey = clusterKey;
    this.#cluster = cluster;
    this.#node = node;
    this.salt = salt;
  }

  toAll(): Channel {
    return this.#all(this.#node, this.salt);
  }

  fromOneToAll(node: NodeName, salt: Uint8Array): Channel {
    return this.#all(node, salt);
  }

  to(node: NodeName, salt: Uint8Array): Channel {
    return this.#pair(this.#node, this.salt, node, salt);
  }

  from(node: NodeName, salt: Uint8Array): Channel {
    return this.#pair(node, salt, this.#node, this.salt);
  }

  #all(from: NodeName, salt: Uint8Array): Channel {
    return new Channel(derivedKey(this.#clusterKey, salt, ["all", this.#cluster, from]), salt);
  }

  #pair(from: NodeName, fromSalt: Uint8Array, to: NodeName, toSalt: Uint8Array): Channel {
    const salts = Buffer.concat([fromSalt, toSalt]);
    return new Channel(derivedKey(this.#clusterKey, salts, ["pair", this.#cluster, from, to]), fromSalt);
  }
}

/** The kind of a frame, and who sent it; null if the bytes are too few. */
export function readHead(frame: Uint8Array): { readonly kind: number; readonly salt: Buffer } | null {
  if (frame.length < OVERHEAD) return null;
  const salt = Buffer.from(frame.subarray(1, 1 + SALT_BYTES));
  return { kind: frame[0] ?? 0, salt };
}

/** The number is the nonce. */
function nonceOf(head: Buffer): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  head.copy(nonce, NONCE_BYTES - 8, 1 + SALT_BYTES);
  return nonce;
}
