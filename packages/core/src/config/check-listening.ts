import { resolve } from "node:path";
import { isIP } from "node:net";
import type { AuthSettings } from "../contract/auth-settings.ts";
import type { ListenEndpoint } from "../contract/endpoint.ts";
import type { Transport } from "../contract/transport.ts";
import { pathText } from "../errors/config-error.ts";
import { thrownText } from "../errors/thrown.ts";
import { isShared, type Sharing, sharingOf, whyNotThere, whyNotTogether } from "../transports/net/sharing.ts";
import type { Issues, Path } from "./issues.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** An entry of `transports`, and its place. */
interface Entry {
  readonly transport: Pick<Transport, "accepts" | "conflicts" | "needs">;
  readonly options: unknown;
  readonly at: Path;
}

/** What there is besides the config. */
interface Given {
  /** The names of the serializers that are loaded. */
  readonly serializers: readonly string[];
  /** The names of HTTP servers that the program gives. */
  readonly servers: ReadonlySet<string>;
}

/** Reports what keeps entries from listening: serializers that are not loaded, and endpoints that are in each other's way. */
export function checkListening(given: readonly Entry[], { serializers, servers }: Given, issues: Issues): void {
  const entries = given.flatMap((entry) => withSharing(entry, issues));
  for (const entry of entries) checkSerializers(entry, serializers, issues);
  for (const transport of new Set(entries.map((entry) => entry.transport))) {
    const same = entries.filter((entry) => entry.transport === transport);
    for (const { index, other, message } of transport.conflicts?.(same.map(({ options }) => options)) ?? []) {
      const earlier = other === undefined ? undefined : same[other];
      issues.add(same[index]?.at ?? [], `${message}${earlier === undefined ? "" : `; see ${pathText(earlier.at)}`}`);
    }
  }
  for (const [i, later] of entries.entries()) {
    const problem = endpointProblem(later, entries.slice(0, i), servers);
    if (problem !== null) issues.add(later.at, problem);
    const earlier = entries.slice(0, i).find((one) => isInTheWay(one, later));
    if (earlier === undefined) continue;
    const where = { own: nameOf(endpointOf(later)), taken: nameOf(endpointOf(earlier)) };
    const message = `${pathText(earlier.at)} listens on ${where.taken} already, so that this transport cannot listen on ${where.own}; give one of them another`;
    issues.add([...later.at, "endpoint"], message);
  }
}

interface SharingEntry extends Entry {
  /** Null for a transport that listens by itself. */
  readonly sharing: Sharing | null;
}

function withSharing(entry: Entry, issues: Issues): SharingEntry[] {
  try {
    return [{ ...entry, sharing: sharingOf(entry.transport, entry.options) }];
  } catch (error) {
    issues.add(entry.at, `the plugin failed to read it: ${thrownText(error)}`);
    return [];
  }
}

/** What is wrong with the endpoint that an entry shares with others. */
function endpointProblem(
  { sharing }: SharingEntry,
  earlier: readonly SharingEntry[],
  servers: ReadonlySet<string>,
): string | null {
  if (sharing === null) return null;
  const problem = whyNotThere(sharing, servers);
  if (problem !== null) return problem;
  for (const other of earlier) {
    if (other.sharing === null || !isShared(other.sharing, sharing)) continue;
    const why = whyNotTogether(other.sharing, sharing, pathText(other.at));
    if (why !== null) return why;
  }
  return null;
}

function checkSerializers({ transport, options, at }: Entry, loaded: readonly string[], issues: Issues): void {
  for (const [i, name] of (transport.needs?.(options).serializers ?? []).entries()) {
    if (loaded.includes(name)) continue;
    const hint = didYouMean(name, loaded);
    issues.add(
      [...at, "serializers", i],
      `no serializer${quoted(name)} is loaded${hint === "" ? "; there" : `${hint} There`} are: ${loaded.join(", ")}; others come from plugins`,
    );
  }
}

/** Warns of methods by which no client can log in where their transport listens. */
export function warnOfMethods(
  given: readonly (Entry & { readonly auth: AuthSettings })[],
  { issues, warnings }: { readonly issues: Issues; readonly warnings: Issues },
): void {
  for (const { auth, at, ...entry } of given) {
    const endpoint = endpointOf({ ...entry, sharing: sharingOf(entry.transport, entry.options) });
    if (endpoint === undefined) continue;
    for (const [name, { method, blocks }] of auth) {
      if (!blocks.some(({ mayBegin }) => mayBegin)) continue;
      try {
        const problem = method.unusableAt?.(endpoint) ?? null;
        if (problem !== null) warnings.add([...at, "auth", name], problem);
      } catch (error) {
        issues.add([...at, "auth", name], `the plugin failed to read it: ${thrownText(error)}`);
      }
    }
  }
}

/** Where an entry makes the router, or itself, listen. */
function endpointOf({ transport, options, sharing }: Omit<SharingEntry, "at">): ListenEndpoint | undefined {
  if (sharing === null) return transport.needs?.(options).endpoint;
  return sharing.endpoint.type === "server" ? undefined : sharing.endpoint;
}

function nameOf(endpoint: ListenEndpoint | undefined): string {
  if (endpoint === undefined) return "";
  return endpoint.type === "unix" ? endpoint.path : `port ${endpoint.port}`;
}

/**
 * Whether only one of two entries can listen. Those that share the very same endpoint have other rules, and so have those of
 * one type that listens by itself.
 */
function isInTheWay(earlier: SharingEntry, later: SharingEntry): boolean {
  if (earlier.sharing !== null && later.sharing !== null && isShared(earlier.sharing, later.sharing)) return false;
  const [a, b] = [endpointOf(earlier), endpointOf(later)];
  if (a === undefined || b === undefined) return false;
  if (a.type === "unix" && b.type === "unix")
    return resolve(a.path) === resolve(b.path) && (a.path !== b.path || earlier.transport !== later.transport);
  if (a.type === "unix" || b.type === "unix") return false;
  if (a.port !== b.port || a.port === 0) return false;
  if (a.host === b.host) return earlier.transport !== later.transport;
  return includes(a.host, b.host) || includes(b.host, a.host);
}

/** Whether an address stands for all addresses, and another is one of them. */
function includes(all: string, one: string): boolean {
  return all === "::" || (all === "0.0.0.0" && isIP(one) !== 6);
}
