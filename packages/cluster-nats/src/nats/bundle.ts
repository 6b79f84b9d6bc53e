// Several envelopes in one message of NATS, which costs the same for one and for many: before each its length, in 4 bytes.

const LENGTH = 4;

/** What each envelope takes beside its own bytes. */
export const OVERHEAD = LENGTH;

/** Messages of several envelopes each, in their order. @param most how long one of more than one envelope may be, in bytes */
export function bundled(envelopes: readonly Uint8Array[], most: number): Uint8Array[] {
  const bundles: Uint8Array[] = [];
  for (let first = 0; first < envelopes.length;) {
    let end = first;
    let size = 0;
    do size += LENGTH + (envelopes[end++] as Uint8Array).length;
    while (end < envelopes.length && size + LENGTH + (envelopes[end] as Uint8Array).length <= most);
    bundles.push(bundle(envelopes, first, end, size));
    first = end;
  }
  return bundles;
}

function bundle(envelopes: readonly Uint8Array[], first: number, end: number, size: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (let i = first; i < end; i++) {
    const envelope = envelopes[i] as Uint8Array;
    at = bytes.writeUInt32LE(envelope.length, at);
    bytes.set(envelope, at);
    at += envelope.length;
  }
  return bytes;
}

/** Takes the envelopes of a message. From where it is no bundle, the rest comes as it is: that is no envelope either. */
export function eachEnvelope(bundle: Uint8Array, take: (envelope: Uint8Array) => void): void {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  for (let at = 0; at < bytes.length;) {
    const begin = at + LENGTH;
    const end = begin <= bytes.length ? begin + bytes.readUInt32LE(at) : Infinity;
    // No envelope is empty, and a message may hold very many empty ones.
    if (end === begin || end > bytes.length) return take(bytes.subarray(at));
    take(bytes.subarray(begin, end));
    at = end;
  }
}
