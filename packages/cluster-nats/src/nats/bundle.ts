// Several envelopes in one message of NATS, which costs the same for one and for many: before each its length, in 4 bytes.

const LENGTH = 4;

/** What each envelope takes beside its own bytes. */
export const OVERHEAD = LENGTH;

/** One message of several envelopes. */
export function bundled(envelopes: readonly Uint8Array[]): Uint8Array {
  const size = envelopes.reduce((sum, { length }) => sum + LENGTH + length, 0);
  const bundle = Buffer.allocUnsafe(size);
  let at = 0;
  for (const envelope of envelopes) {
    at = bundle.writeUInt32LE(envelope.length, at);
    bundle.set(envelope, at);
    at += envelope.length;
  }
  return bundle;
}

/** The envelopes of a message. From where it is no bundle, the rest comes as it is: that is no envelope either. */
export function* envelopesIn(bundle: Uint8Array): Generator<Uint8Array, void, undefined> {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  for (let at = 0; at < bytes.length;) {
    const begin = at + LENGTH;
    const end = begin <= bytes.length ? begin + bytes.readUInt32LE(at) : Infinity;
    // No envelope is empty, and a message may hold very many empty ones.
    if (end === begin || end > bytes.length) {
      yield bytes.subarray(at);
      return;
    }
    yield bytes.subarray(begin, end);
    at = end;
  }
}
