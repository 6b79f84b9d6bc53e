import { createHmac } from "node:crypto";

/** Ids that are the same on every node of a cluster, since they are made of what they name. No client can foresee them. */
export class SharedIds {
  readonly #secret: Uint8Array;
  readonly #realm: string;

  constructor(secret: Uint8Array, realm: string) {
    this.#secret = secret;
    this.#realm = realm;
  }

  of(...parts: readonly (string | number)[]): number {
    const digest = createHmac("sha256", this.#secret)
      .update(JSON.stringify([this.#realm, ...parts]))
      .digest();
    return (digest.readUInt8(0) & 0x1f) * 2 ** 48 + digest.readUIntBE(1, 6) || 1;
  }
}
