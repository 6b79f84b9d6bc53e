import { isDict } from "../wamp/messages.ts";
import type { Issues, Path } from "./issues.ts";

/** The page that tells how a config of Crossbar.io is translated. */
const GUIDE = "see docs/guides/crossbar.md";

/**
 * Tells what is written as in Crossbar.io and has another place or name here. What follows from it is not told again.
 *
 * @returns false for a node file of Crossbar.io: nothing else in it can be checked
 */
export function tellOfCrossbar(root: Readonly<Record<string, unknown>>, issues: Issues): boolean {
  if (isNodeFile(root)) {
    const message = `this is a node file of Crossbar.io: the realms, transports and components of its router worker move to the top level, and plugins names the packages of its authentication methods; ${GUIDE}`;
    issues.add("workers" in root ? ["workers"] : [], message);
    return false;
  }
  for (const key of ["version", "controller"].filter((name) => name in root))
    tell(issues, [key], "unknown key; it belongs to a node file of Crossbar.io, and has no meaning here: remove it");
  for (const [i, realm] of members(root["realms"])) ofRealm(realm, ["realms", i], issues);
  for (const [i, transport] of members(root["transports"])) ofTransport(transport, ["transports", i], issues);
  for (const [i, component] of members(root["components"])) ofComponent(component, ["components", i], issues);
  return true;
}

type Dict = Readonly<Record<string, unknown>>;

function isNodeFile(root: Dict): boolean {
  return "workers" in root || ("controller" in root && !("realms" in root));
}

/** Adds a problem, and settles all below it. */
function tell(issues: Issues, path: Path, message: string): void {
  issues.add(path, message);
  issues.settle(path);
}

function members(list: unknown): [number, Dict][] {
  return Array.isArray(list) ? list.flatMap((item: unknown, i) => (isDict(item) ? [[i, item]] : [])) : [];
}

/** Tells of those `keys` that are in `dict`, which is at `at`. */
function tellKeys(keys: Readonly<Record<string, string>>, dict: Dict, at: Path, issues: Issues): void {
  for (const [key, message] of Object.entries(keys)) if (key in dict) tell(issues, [...at, key], message);
}

const USELESS_KEY = "unknown key; it has no meaning here: remove it";

const REALM: Readonly<Record<string, string>> = {
  store: "unknown key; which events are kept is said by event-history in options here",
};

const REALM_OPTIONS: Readonly<Record<string, string>> = {
  enable_meta_api: "unknown key; permissions say who may use the meta API here: remove it",
  bridge_meta_api: USELESS_KEY,
  event_dispatching_chunk_size: USELESS_KEY,
};

const ACTIONS = ["call", "register", "publish", "subscribe"];

function ofRealm(realm: Dict, at: Path, issues: Issues): void {
  const { options } = realm;
  tellKeys(REALM, realm, at, issues);
  if (isDict(options)) tellKeys(REALM_OPTIONS, options, [...at, "options"], issues);
  // Rules of version 1 have what the role may do beside the URI.
  for (const [i, role] of members(realm["roles"])) {
    for (const [j, rule] of members(role["permissions"])) {
      const path = [...at, "roles", i, "permissions", j];
      const actions = ACTIONS.filter((action) => action in rule);
      if (actions.length === 0) continue;
      const allowed = actions.map((action) => `${action}: ${rule[action] === true}`).join(", ");
      issues.add(path, `what the role may do there belongs in allow, as { ${allowed} }`);
      for (const action of actions) issues.settle([...path, action]);
    }
  }
}

/** Transports of Crossbar.io that are other things here. */
const TYPES: Readonly<Record<string, string>> = {
  web: "each of its paths of type websocket is a transport of its own here, { type: websocket, endpoint, path, auth }; paths with the same endpoint share its port. Files and other services are for a web server",
  universal:
    "its rawsocket and each path of its websocket are transports of their own here; with the same endpoint they share its port",
  mqtt: "MQTT is not supported",
};

/** Options of Crossbar.io, and their names here. */
const OPTIONS: Readonly<Record<string, string>> = {
  max_message_size: "max-message-size",
  max_frame_size: "max-message-size",
  allowed_origins: "allowed-origins",
  auto_ping_interval: "ping-interval",
  open_handshake_timeout: "auth-timeout",
};

const USELESS = ["id", "url", "debug", "name"];

function ofTransport(transport: Dict, at: Path, issues: Issues): void {
  const { type, options, endpoint } = transport;
  const other = typeof type === "string" && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (other !== undefined) {
    issues.add([...at, "type"], `${String(type)} is a type of Crossbar.io: ${other}; ${GUIDE}`);
    issues.settle(at);
    return;
  }
  if (type !== "websocket" && type !== "rawsocket") return;
  if (isDict(options)) tell(issues, [...at, "options"], optionsText(options));
  for (const key of USELESS.filter((name) => name in transport)) tell(issues, [...at, key], USELESS_KEY);
  if ("cookie" in transport)
    tell(issues, [...at, "cookie"], "unknown key; what it says of the cookie belongs into auth.cookie here");
  if (isDict(endpoint)) ofEndpoint(endpoint, [...at, "endpoint"], issues);
}

function optionsText(options: Dict): string {
  const names = Object.keys(options).filter((name) => Object.hasOwn(OPTIONS, name));
  const renamed = names.map((name) => `${name} is ${OPTIONS[name]}`);
  const rest = renamed.length < Object.keys(options).length ? "; remove the others" : "";
  return renamed.length === 0
    ? "unknown key; these options of Crossbar.io have no use here: remove them"
    : `unknown key; options of Crossbar.io are keys of the transport here: ${renamed.join(", ")}${rest}`;
}

const ENDPOINT: Readonly<Record<string, string>> = {
  interface: 'unknown key; did you mean "host"?',
  version: "unknown key; an address as host says which version of IP it is: remove it",
  portrange: "unknown key; an endpoint has one port: write a transport for each of them",
  backlog: "unknown key; how many connections the system queues is fixed here: remove it",
  shared: "unknown key; one process listens on a port here: remove it",
  user_timeout: USELESS_KEY,
};

const TLS: Readonly<Record<string, string>> = {
  dhparam: "unknown key; Node.js brings what it needs: remove it",
  ciphers: "unknown key; those of Node.js are used; minimum-version refuses older clients: remove it",
};

function ofEndpoint(endpoint: Dict, at: Path, issues: Issues): void {
  tellKeys(ENDPOINT, endpoint, at, issues);
  const { port, tls } = endpoint;
  if (isDict(tls)) tellKeys(TLS, tls, [...at, "tls"], issues);
  const [, name] = typeof port === "string" ? (/^\$(\w+)$/.exec(port) ?? []) : [];
  if (name !== undefined)
    tell(issues, [...at, "port"], `a value of the environment is written \${${name}}, not $${name}`);
}

/** A component of Crossbar.io is a class or a function in Python, or a process of its own. */
function ofComponent(component: Dict, at: Path, issues: Issues): void {
  if ("module" in component || typeof component["type"] !== "string") return;
  issues.add(
    [...at, "module"],
    'a component here is a JavaScript file or a package, as module: "./component.js"; one in Python or another language connects to a transport as a client',
  );
  issues.settle(at);
}
