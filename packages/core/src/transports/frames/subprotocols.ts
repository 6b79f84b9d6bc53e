import { WampgateError } from "../../errors/wampgate-error.ts";
import { batched, plain } from "../../serializers/framing.ts";
import type { Framing, Serializer } from "../../serializers/serializer.ts";

/** What a client and a transport agree on: a format, and how its messages are put in frames. */
export interface Subprotocol {
  /** `wamp.2.msgpack.batched` */
  readonly name: string;
  readonly serializer: Serializer;
  /** Creates a framing for one connection: some framings remember what their client used. */
  readonly framing: () => Framing;
}

export type Subprotocols = ReadonlyMap<string, Subprotocol>;

/**
 * The subprotocols of a transport entry: each of its serializers plain and batched.
 *
 * @param wanted the serializers that an entry names; default: all that are loaded
 * @throws WampgateError if one of them is not loaded
 */
export function subprotocolsOf(
  loaded: ReadonlyMap<string, Serializer>,
  wanted: readonly string[] = [...loaded.keys()],
): Subprotocols {
  const all = wanted.flatMap((name): Subprotocol[] => {
    const serializer = loaded.get(name);
    if (serializer === undefined) throw new WampgateError("WG_SERIALIZER", notLoaded(name, loaded));
    return [
      { name: `wamp.2.${name}`, serializer, framing: () => plain },
      { name: `wamp.2.${name}.batched`, serializer, framing: () => batched(serializer) },
    ];
  });
  return new Map(all.map((subprotocol) => [subprotocol.name, subprotocol]));
}

/** The first available one in the client's list: the client knows best what it prefers. */
export function choose(offered: Iterable<string>, available: Subprotocols): Subprotocol | undefined {
  for (const name of offered) {
    const found = available.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function notLoaded(name: string, loaded: ReadonlyMap<string, Serializer>): string {
  const known = [...loaded.keys()].join(", ");
  return `there is no serializer "${name}"; loaded are: ${known}. Correct "serializers", or add the plugin that has it.`;
}
