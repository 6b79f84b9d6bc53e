import type { Carrier } from "../carrier.ts";
import { contentOf } from "./content.ts";
import { headOf, Kind, NO_PAIR, readEnvelope, VERSION, versionOf, writeEnvelope } from "./envelope.ts";
import { SECRET_BYTES } from "./membership.ts";

// An arbiter that has lost all has no secret, but the nodes that run have one: a node that starts then asks them.

/** Asks the other nodes for the secret of the cluster. @param ms how long @returns null if none answers */
export function toldSecret(carrier: Carrier, ms: number): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    const nothing = (): void => undefined;
    const told = (secret: Uint8Array | null): void => {
      clearTimeout(late);
      resolve(secret);
    };
    const late = setTimeout(() => told(null), ms);
    const received = (_from: string, bytes: Uint8Array): void => {
      const secret = secretIn(bytes);
      if (secret !== null) told(secret);
    };
    carrier.start({ received, ended: nothing, absent: nothing, disconnected: nothing, connected: nothing });
    carrier.sendAll(writeEnvelope(contentOf(Kind.ask, null), NO_PAIR));
  });
}

/** The answer of a node that has the secret. */
export function secretAnswer(secret: Uint8Array): Buffer {
  return writeEnvelope(contentOf(Kind.tell, Buffer.from(secret).toString("hex")), NO_PAIR);
}

function secretIn(bytes: Uint8Array): Uint8Array | null {
  const envelope = versionOf(bytes) === VERSION ? readEnvelope(bytes) : null;
  if (envelope?.kind !== Kind.tell) return null;
  const head = headOf(envelope)?.head;
  const secret = Buffer.from(typeof head === "string" ? head : "", "hex");
  return secret.length === SECRET_BYTES ? secret : null;
}
