import type { z } from "zod";
import type { StaticAssignment, StaticPrincipals } from "../contract/method.ts";
import type { BlockSurroundings } from "../contract/block.ts";
import type { Strategy } from "../contract/strategy.ts";
import type { AuthSettings, MethodSettings } from "../contract/auth-settings.ts";
import { BlockError } from "../errors/block-error.ts";
import { thrownText } from "../errors/thrown.ts";
import { secondsOf } from "../settings/assignment.ts";
import { shownTime } from "../wamp/expires.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import { type CheckedBlock, type CheckedMethod, keyOf, withFactors } from "./check-factors.ts";
import type { DecidingProcedure } from "./check-rights.ts";
import type { Realms } from "./check-realms.ts";
import { StrategyInstance } from "../auth/block-instance.ts";
import { blockSchema } from "../auth/settings.ts";
import { type Check, checkBySchema, droppedKeys, type Issues, type Path } from "./issues.ts";
import { principalPlaces } from "./principal-places.ts";
import type { PlaceOf } from "./refs.ts";
import { quoted, shownKey } from "./shown.ts";
import {
  METHOD_PACKAGES,
  officialPackage,
  packageOfMethod,
  packageOfStrategy,
  STRATEGY_PACKAGES,
} from "./known-packages.ts";
import { didYouMean } from "./suggest.ts";

/** A method, and the name of its plugin. */
type ProvidedMethod = Pick<MethodSettings, "method" | "plugin">;

/** A strategy, and the name of its plugin. */
interface ProvidedStrategy {
  readonly strategy: Strategy;
  readonly plugin: string;
}

/** Core's own keys of a block, as its schema gives them. */
type Keys = z.output<typeof blockSchema>;

/** What core makes of its own keys. */
interface CoreKeys {
  readonly common: Pick<CheckedBlock["settings"], "type" | "defaultRole" | "then" | "place">;
  readonly checked: Pick<CheckedBlock, "alone" | "at" | "key">;
}

/** How many realms a warning names. */
const SHOWN_REALMS = 5;

/** What a block is checked against: the loaded plugins and the rest of the config. */
export interface AuthContext extends Check {
  readonly methods: ReadonlyMap<string, ProvidedMethod>;
  readonly strategies: ReadonlyMap<string, ProvidedStrategy>;
  readonly realms: Realms;
  /** The entries of `plugins` that could not be loaded, as far as they are names: what is missing may be theirs. */
  readonly notLoaded: readonly string[];
  /** Legal, but probably a mistake. */
  readonly warnings: Issues;
  readonly placeOf: PlaceOf;
  /** What strategies may ask about files and modules. */
  readonly surroundings: Omit<BlockSurroundings, "warn">;
  /** Gets each procedure that a strategy will call. */
  readonly called: DecidingProcedure[];
}

const LEFT_OUT = new Map(
  ["anonymous-proxy", "cryptosign-proxy"].map((name) => [
    name,
    `${name} is left out: it lets a client name its own realm and role, without a proof`,
  ]),
);

/** Checks the `auth` of a transport. */
export async function checkAuth(auth: unknown, at: Path, context: AuthContext): Promise<AuthSettings> {
  const methods = new Map<string, CheckedMethod>();
  if (!isDict(auth) || Object.keys(auth).length === 0) {
    context.issues.add(
      at,
      `a transport needs auth with at least one method, found ${isDict(auth) ? "none" : kindOf(auth)}; to let all clients in, write auth: { anonymous: { type: static } }`,
    );
    return new Map();
  }
  for (const [name, value] of Object.entries(auth)) {
    const provided = context.methods.get(name);
    const hint =
      provided === undefined ? didYouMean(name, [...context.methods.keys(), ...Object.keys(METHOD_PACKAGES)]) : "";
    const shown = provided === undefined ? shownKey(name, auth, hint) : name;
    if (provided === undefined && !isExcused(packageOfMethod(name), context))
      context.issues.add([...at, shown], noSuchMethod(name, shown === name, hint), undefined, [...at, name]);
    const blocks = await checkBlocks(value, [...at, shown], provided ?? null, context);
    if (provided !== undefined) methods.set(name, { ...provided, blocks, place: context.placeOf([...at, name]) });
  }
  return withFactors(methods, Object.keys(auth), at, context);
}

async function checkBlocks(
  value: unknown,
  at: Path,
  method: ProvidedMethod | null,
  context: AuthContext,
): Promise<CheckedBlock[]> {
  if (Array.isArray(value) && value.length === 0)
    context.issues.add(at, "expected at least one block, found an empty list");
  const list = Array.isArray(value)
    ? value.map((block, i) => ({ block: block as unknown, at: [...at, i] }))
    : [{ block: value, at }];
  const settings: CheckedBlock[] = [];
  for (const entry of list) {
    const block = await checkBlock(entry.block, entry.at, method, context);
    if (block !== null) settings.push(block);
  }
  return settings;
}

/** A block without `type` gets that of its method, if the method has one. */
function typed(value: unknown, method: ProvidedMethod | null): unknown {
  const type = method?.method.defaultType;
  return isDict(value) && value["type"] === undefined && type !== undefined ? { ...value, type } : value;
}

async function checkBlock(
  value: unknown,
  at: Path,
  method: ProvidedMethod | null,
  context: AuthContext,
): Promise<CheckedBlock | null> {
  const given = typed(value, method);
  if (isDict(given) && typeof given["type"] !== "string") {
    // Which types a method has that is not there is not known.
    if (method === null && given["type"] === undefined) return null;
    const types = [...(method?.method.static === undefined ? [] : ["static"]), ...context.strategies.keys()];
    context.issues.add(
      [...at, "type"],
      `expected where its principals come from, found ${kindOf(given["type"])}; write type: ${types.join(" or ")}`,
    );
    return null;
  }
  const core = await checkBySchema(blockSchema, given, at, context);
  if (core === null) return null;
  // Core takes its own keys out before the plugin's schema sees the block.
  const { type, "default-role": defaultRole = null, then = null, alone, ...own } = core.value as Keys;
  const keys: CoreKeys = {
    common: { type, defaultRole, then, place: context.placeOf(at) },
    checked: { alone, at, key: keyOf(own) },
  };
  if (defaultRole !== null) context.realms.requireRole(null, defaultRole, [...at, "default-role"]);
  if (type === "static") return method === null ? null : checkStatic(own, at, method, keys, context);
  const provided = context.strategies.get(type);
  if (provided === undefined) {
    if (!isExcused(packageOfStrategy(type), context)) context.issues.add([...at, "type"], noSuchType(type, context));
    return null;
  }
  const { strategy, plugin } = provided;
  const checked = await checkOwn(strategy.block, own, at, context);
  if (checked === null) return null;
  return asPluginSays(at, context, async () => {
    const { surroundings, warnings } = context;
    await strategy.check?.(checked.value, {
      ...surroundings,
      method: method?.method ?? null,
      warn: (path, message) => warnings.add([...at, ...path], message),
    });
    for (const called of strategy.calls?.(checked.value) ?? []) {
      const [key] = Object.entries(own).find(([, text]) => text === called.uri) ?? [];
      noteCalled({ ...called, what: "authenticator", at: key === undefined ? at : [...at, key] }, at, context);
    }
    const { value } = checked;
    const instance = strategy.open === undefined ? undefined : new StrategyInstance(strategy, value, at, plugin);
    const { common } = keys;
    const settings = { ...common, plugin, strategy, value, instance, placeOf: common.place };
    return { ...keys.checked, settings, thens: [] };
  });
}

/** Runs a plugin's own code on its block. If that fails, it is a problem of the config like any other. */
async function asPluginSays<T>(at: Path, { issues }: AuthContext, read: () => T | Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BlockError) issues.add([...at, ...error.path], error.message, error.cause);
    else issues.add(at, `the plugin failed to read it: ${thrownText(error)}`);
    return null;
  }
}

async function checkStatic(
  own: Record<string, unknown>,
  at: Path,
  { method, plugin }: ProvidedMethod,
  keys: CoreKeys,
  context: AuthContext,
): Promise<CheckedBlock | null> {
  const { defaultRole } = keys.common;
  const keeper = method.static;
  if (keeper === undefined) {
    const types = [...context.strategies.keys()].join(" or ");
    context.issues.add(
      [...at, "type"],
      `the method ${method.name} has no static principals; type must be that of a strategy${types && `: ${types}`}`,
    );
    return null;
  }
  const checked = await checkOwn(keeper.schema, own, at, context);
  if (checked === null) return null;
  return asPluginSays(at, context, async () => {
    const value = (await keeper.prepare?.(checked.value)) ?? checked.value;
    await keeper.check?.(value, {
      ...context.surroundings,
      warn: (inner, message) => context.warnings.add([...at, ...inner], message),
    });
    const assignments = keeper.assignments(value);
    for (const assignment of assignments) {
      const { realm, role, expires, path, warning } = assignment;
      if (realm) context.realms.requireRealm(realm, [...at, ...path, "realm"]);
      if (role) context.realms.requireRole(realm ?? null, role, [...at, ...path, "role"]);
      if (expires !== undefined && expires !== null) warnOfTheExpired(secondsOf(expires), [...at, ...path], context);
      if (warning !== undefined) context.warnings.add([...at, ...path], warning);
    }
    const paths = assignments.map(({ path }) => path);
    const placeOf = principalPlaces(paths, own, { at, secrets: keeper.secrets ?? [], placeOf: context.placeOf });
    const thens = assignments.map(({ then = null, path }) => ({ then, at: [...at, ...path, "then"] }));
    // Of a further factor neither realm nor role count.
    const warnOfBeginning = (): void => {
      warnOfOpenRealms(assignments, at, defaultRole, context);
      for (const assignment of defaultRole === null ? assignments.filter(({ role }) => !role) : [])
        warnOfNoRole(assignment, [...at, ...assignment.path], context);
    };
    const { open, probe } = keeper;
    const opener = open && { open: openedBy(open), ...(probe && { probe }) };
    const instance = opener && new StrategyInstance(opener, value, at, plugin);
    const settings = { ...keys.common, plugin, strategy: null, value, instance, placeOf };
    return { ...keys.checked, settings, thens, warnOfBeginning };
  });
}

/** How a method opens its own blocks, as a strategy does. */
function openedBy(open: NonNullable<StaticPrincipals["open"]>): NonNullable<Strategy["open"]> {
  return (block, { log }, surroundings) => open(block, { ...surroundings, log });
}

/** Warns of principals that choose their realm themselves. One warning for all of a block that have the same role. */
function warnOfOpenRealms(
  assignments: readonly StaticAssignment[],
  at: Path,
  defaultRole: string | null,
  { realms, warnings }: AuthContext,
): void {
  const open = new Map<string, StaticAssignment[]>();
  for (const assignment of assignments) {
    // An empty role counts as none. Realm "" or null is none: that is another mistake.
    const role = assignment.role || defaultRole;
    if (assignment.path.length === 0 || assignment.realm !== undefined || role === null) continue;
    open.set(role, [...(open.get(role) ?? []), assignment]);
  }
  for (const [role, [first, ...others]] of open) {
    const names = realms.withRole(role);
    if (names.length < 2 || first === undefined) continue;
    const more = names.length > SHOWN_REALMS ? ` and ${names.length - SHOWN_REALMS} more` : "";
    const also = others.length === 0 ? "" : ` (${others.length} more of this block also)`;
    warnings.add(
      [...at, ...first.path],
      `it has no realm, so its client chooses by HELLO among those with the role${quoted(role)}${also}: ${names.slice(0, SHOWN_REALMS).join(", ")}${more}; set realm to keep it in one`,
    );
  }
}

function warnOfTheExpired(expires: number, at: Path, { warnings }: AuthContext): void {
  if (expires * 1000 > Date.now()) return;
  warnings.add([...at, "expires"], `it expired at ${shownTime(expires)}: its logins are denied`);
}

/** A login that is assigned no role, or one that is not there, can never succeed. */
function warnOfNoRole(assignment: StaticAssignment, at: Path, { realms, warnings }: AuthContext): void {
  const { path, realm, otherwise } = assignment;
  const ends = "its login ends in wamp.error.no_such_role";
  if (otherwise === undefined) {
    // Of a whole block its method may know more.
    if (path.length > 0) warnings.add(at, `it has no role, and the block no default-role: ${ends}`);
    return;
  }
  if (realms.hasRole(realm ?? null, otherwise)) return;
  const where = realm ? `the realm${quoted(realm)} has no such role` : "no realm has that role";
  warnings.add(at, `it has no role, so that it gets the role "${otherwise}", and ${where}: ${ends}; name a role`);
}

/** Checks a plugin's own keys in a block, and reports those that its schema does not know. */
async function checkOwn(
  schema: Strategy["block"],
  own: Record<string, unknown>,
  at: Path,
  context: AuthContext,
): Promise<{ value: unknown } | null> {
  const checked = await checkBySchema(schema, own, at, { ...context, beside: Object.keys(blockSchema.shape) });
  if (checked === null) return null;
  const dropped = droppedKeys(schema, own, checked.value);
  for (const { key, hint } of dropped) context.issues.addUnknownKey(at, key, own, hint);
  return dropped.length === 0 ? checked : null;
}

function noteCalled(called: DecidingProcedure, at: Path, { realms, called: all, warnings }: AuthContext): void {
  all.push(called);
  if (called.realm !== null) return realms.requireRealm(called.realm, [...at, called.realmKey]);
  warnings.add(
    at,
    `without ${called.realmKey}, ${called.uri} is called in the realm that the client names; set it to keep it apart`,
  );
}

/** Whether what is missing is missing because a plugin was not loaded, which has been told. */
export function isExcused(official: string | undefined, { notLoaded }: Pick<AuthContext, "notLoaded">): boolean {
  return notLoaded.some((name) => officialPackage(name) === official);
}

function noSuchMethod(name: string, isShown: boolean, hint: string): string {
  const leftOut = LEFT_OUT.get(name);
  if (leftOut !== undefined) return leftOut;
  const what = `no loaded plugin provides ${isShown ? `the method "${name}"` : "a method of this name"}`;
  const official = packageOfMethod(name);
  if (official !== undefined) return `${what}; ${toInstall(official)}`;
  return `${what}${hint}`;
}

function noSuchType(type: string, { strategies }: AuthContext): string {
  const what = `no loaded plugin provides the strategy${quoted(type)}`;
  const official = packageOfStrategy(type);
  if (official !== undefined) return `${what}; ${toInstall(official)}`;
  return `${what}${didYouMean(type, [...strategies.keys(), "static", ...Object.keys(STRATEGY_PACKAGES)])}`;
}

/** What to do if an official package is missing. */
export function toInstall(name: string): string {
  return `run: npm install ${name}, and list it in plugins`;
}
