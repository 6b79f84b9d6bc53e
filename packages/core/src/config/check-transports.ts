import type { AuthSettings } from "../contract/auth-settings.ts";
import type { ConfigRef } from "../contract/login-record.ts";
import type { Transport } from "../contract/transport.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import { type AuthContext, checkAuth, isExcused } from "./check-auth.ts";
import { listAt } from "./check-realms.ts";
import { type EntrySettings, entrySettings, transportSchema } from "./core-schema.ts";
import { checkBySchema, droppedKeys, type Path } from "./issues.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** An entry of `transports` that has been checked. */
export interface LoadedTransport {
  readonly type: string;
  readonly transport: Transport;
  /** The entry, as parsed by the transport's schema. */
  readonly options: unknown;
  readonly auth: AuthSettings;
  /** The keys that every entry has, whatever its type. */
  readonly settings: EntrySettings;
  /** Which entry it is, counted from 0, and where it stands. */
  readonly index: number;
  readonly place: () => ConfigRef;
  /** Where its `auth` stands. */
  readonly authPlace: () => ConfigRef;
}

export interface LocatedTransport {
  readonly entry: LoadedTransport;
  readonly at: Path;
}

type Dict = Readonly<Record<string, unknown>>;

/** Core's keys of an entry. */
const COMMON = Object.keys(transportSchema.shape);

/** Checks `transports`: core's keys, those of each type, and `auth`. @param known the transports that there are */
export async function checkTransports(
  raw: unknown,
  known: readonly Transport[],
  context: AuthContext,
): Promise<LocatedTransport[]> {
  const loaded: LocatedTransport[] = [];
  for (const [i, entry] of listAt(raw, "transports", context).entries()) {
    const at = ["transports", i];
    if (!isDict(entry)) {
      context.issues.add(at, `expected a dictionary, found ${kindOf(entry)}`);
      continue;
    }
    const auth = await checkAuth(entry["auth"], [...at, "auth"], context);
    const settings = await checkBySchema(entrySettings, part(entry, Object.keys(entrySettings.shape)), at, context);
    const transport = transportOf(entry["type"], [...at, "type"], known, context);
    const options = transport === null ? null : await checkOwn(transport, entry, at, context);
    if (transport === null || options === null || settings === null) continue;
    const { type } = transport;
    loaded.push({
      entry: {
        type,
        transport,
        options: options.value,
        auth,
        settings: settings.value as EntrySettings,
        index: i,
        place: context.placeOf(at),
        authPlace: context.placeOf([...at, "auth"]),
      },
      at,
    });
  }
  return loaded;
}

function transportOf(type: unknown, at: Path, known: readonly Transport[], context: AuthContext): Transport | null {
  const types = known.map((transport) => transport.type);
  const all = `there are: ${types.join(", ")}`;
  if (typeof type !== "string") {
    context.issues.add(at, `expected the type of a transport, found ${kindOf(type)}; ${all}`);
    return null;
  }
  const transport = known.find((other) => other.type === type);
  if (transport !== undefined) return transport;
  const hint = didYouMean(type, types);
  if (hint !== "" || !isExcused(undefined, context))
    context.issues.add(at, `there is no transport of type${quoted(type)}${hint}; ${all}`);
  return null;
}

/** Checks the keys of an entry that are its transport's own. */
async function checkOwn(
  { schema }: Transport,
  entry: Dict,
  at: Path,
  context: AuthContext,
): Promise<{ value: unknown } | null> {
  // Without `auth`: it is checked separately, and its raw blocks hold secrets.
  const own = part(
    entry,
    Object.keys(entry).filter((key) => !COMMON.includes(key)),
  );
  const options = await checkBySchema(schema, own, at, { ...context, beside: COMMON });
  if (options === null) return null;
  for (const { key, hint } of droppedKeys(schema, own, options.value))
    context.issues.addUnknownKey(at, key, own, hint || didYouMean(key, COMMON));
  return options;
}

function part(entry: Dict, keys: readonly string[]): Dict {
  return Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(entry, key) ? [[key, entry[key]] as const] : [])));
}
