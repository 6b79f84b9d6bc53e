import type { CloseUri, ErrorUri } from "../wamp/error-uris.ts";

/** What an operator, the author of a plugin or of an embedding program may read about an error. */
interface ErrorEntry {
  /** The class of the error, which tells who has to act. */
  readonly class: "ConfigError" | "DeadlineError" | "PluginError" | "UsageError" | "WampError" | "WampgateError";
  readonly meaning: string;
  readonly todo: string;
}

/**
 * Each error of the router, by its code. Codes are stable: programs compare them, and people search for them. Only what
 * a client gets has no code of its own: its URI says what it is.
 *
 * docs/reference/errors.md is made from this table.
 */
export const ERRORS = {
  WG_ACCEPT_AS: {
    class: "PluginError",
    meaning: "A plugin answered `acceptAs()` after `resolvePrincipal()` had found a principal.",
    todo: "Answer `accept()`, with a patch if something of the principal must change.",
  },
  WG_AUTHORIZER: {
    class: "WampgateError",
    meaning: "An authorizer of a role failed, gave a wrong answer or none. The action was refused.",
    todo: "Correct the procedure that the message names. It answers true, false or a dictionary with `allow`.",
  },
  WG_BUG: {
    class: "WampgateError",
    meaning: "This is a mistake of wampgate itself.",
    todo: "Report it, with the stack that `--debug` or the log shows.",
  },
  WG_CLOSED: {
    class: "WampgateError",
    meaning: "`router.session()` was called after `close()`.",
    todo: "Make a new router with `createRouter()`, or join before the end.",
  },
  WG_CLUSTER_LINK: {
    class: "PluginError",
    meaning: "The link to the other nodes of the cluster did not start, so the router did not start.",
    todo: "The message says why. Correct `cluster` in the config, or what the link needs.",
  },
  WG_CLUSTER_START: {
    class: "WampgateError",
    meaning: "The config has a `cluster`, and a session in process was asked for before the router was linked to it.",
    todo: "Ask for it after `start()`, or make it a component.",
  },
  WG_COMMAND: {
    class: "PluginError",
    meaning: "A command of a plugin failed.",
    todo: "Read what it says. `--debug` shows where it failed.",
  },
  WG_COMPONENT: {
    class: "WampgateError",
    meaning: "A component failed, or did not start within its `timeout`, so the router did not start.",
    todo: "Correct the component. `--debug` shows where it failed.",
  },
  WG_CONFIG_INVALID: {
    class: "ConfigError",
    meaning: "The config was read, but it or something that it names is wrong.",
    todo: "Correct each problem: the message has its place, what was found and what was expected. In programs, `issues` lists them.",
  },
  WG_CONFIG_MISSING: {
    class: "ConfigError",
    meaning: "There is no config file, or it is empty.",
    todo: "Run `wampgate init` to write one, or name it with `--config`.",
  },
  WG_CONFIG_UNREADABLE: {
    class: "ConfigError",
    meaning:
      "The config file cannot be read: it does not exist, the system refuses it, its syntax is wrong, or its code failed.",
    todo: "Correct the name given to `--config`, or the file at the place that the message names.",
  },
  WG_CONNECT: {
    class: "WampgateError",
    meaning:
      "`router.connect()` found no transport of type `memory`, or none with this name, or it is not started or has stopped.",
    todo: "Add the transport to the config, and connect between `start()` and `close()`.",
  },
  WG_CONNECT_PROTOCOL: {
    class: "WampgateError",
    meaning: "`router.connect()` was asked for a subprotocol that the transport does not speak.",
    todo: "Use `wamp.2.json` or the name of another serializer that is loaded.",
  },
  WG_CREDENTIAL: {
    class: "PluginError",
    meaning: "A strategy, static principals or a decoy gave a credential that does not fit the schema of the method.",
    todo: "Correct the keys that the message names, in the plugin or in what its authenticator answers.",
  },
  WG_CUT_OFF: {
    class: "WampgateError",
    meaning: "The nodes of the cluster could not agree whether a code was used already, so its login was refused.",
    todo: "The log says why the link failed. `offline-second-factor: true` in `cluster` lets each node decide for itself then.",
  },
  WG_DEADLINE: {
    class: "DeadlineError",
    meaning: "Something took longer than it may: a tap of a hook, a call, a component.",
    todo: "Make it faster, or raise the timeout of what waits for it. It is also the reason of a `signal` whose time is up.",
  },
  WG_HELLO_ANSWER: {
    class: "PluginError",
    meaning: "A tap of the hook `hello` answered `challenge()` or `accept()`, but no method is chosen yet.",
    todo: "Answer `acceptAs()`, `deny()` or undefined.",
  },
  WG_HOOK_ANSWER: {
    class: "PluginError",
    meaning: "A tap returned something that its hook does not take. The login or action was refused.",
    todo: "Return one of the answers that the message names, or undefined to leave the decision to others.",
  },
  WG_HOOK_FAILED: {
    class: "PluginError",
    meaning:
      "A tap threw, rejected or took too long. A login or action was refused; at the start, the router did not start.",
    todo: "Correct the plugin. The log shows the stack with its cause.",
  },
  WG_HOOK_FROZEN: {
    class: "PluginError",
    meaning: "A hook was tapped after the router had started.",
    todo: "Tap in the plugin's `apply`, or between `createRouter()` and `start()`.",
  },
  WG_HOOK_ORDER: {
    class: "PluginError",
    meaning: "A tap wants to come before that of a plugin that has not tapped the hook.",
    todo: "List the other plugin earlier in `plugins`, or remove `before`.",
  },
  WG_LISTEN: {
    class: "WampgateError",
    meaning: "The router cannot listen on an endpoint.",
    todo: "The message says why: another program listens there, a permission or a folder is missing, or the address is wrong.",
  },
  WG_LOOKUP: {
    class: "PluginError",
    meaning: "A method threw while it looked up a principal of the config. The login was refused.",
    todo: "Correct `static.find` of the method.",
  },
  WG_METHOD_APPLIES: {
    class: "PluginError",
    meaning: "`applies` of a method threw, or answered neither true nor false. The login was refused.",
    todo: "Correct `applies` of the method.",
  },
  WG_METHOD_PHASE: {
    class: "PluginError",
    meaning: "A method called `resolvePrincipal()` in another step of the login than its `at` declares.",
    todo: 'Declare `at: "hello"` or `at: "authenticate"`, and ask in that step.',
  },
  WG_METHOD_TWICE: {
    class: "PluginError",
    meaning: "A method called `resolvePrincipal()` twice in one login.",
    todo: "Ask once, and keep the answer in the state of the challenge.",
  },
  WG_METHOD_VERDICT: {
    class: "PluginError",
    meaning: "A method left a step of a login without a verdict.",
    todo: "Return `accept()`, `deny()` or `challenge()` on every path.",
  },
  WG_NOT_RUNNING: {
    class: "WampgateError",
    meaning: "`reload()` was called before the router had started, or while it stopped. The config is as before.",
    todo: "Reload between `start()` and `drain()` or `close()`.",
  },
  WG_NO_METHOD: {
    class: "WampgateError",
    meaning: "`resolvePrincipal()` was called in a login that a tap of `hello` has decided: no method was chosen.",
    todo: "Call it in methods only.",
  },
  WG_NO_PRINCIPAL: {
    class: "PluginError",
    meaning: "A plugin accepted a login, but no principal was found.",
    todo: "Call `resolvePrincipal()` first, or answer `acceptAs()`, which names one.",
  },
  WG_NO_PROVIDER: {
    class: "WampgateError",
    meaning: "A hook is tapped for a method or a strategy that no loaded plugin has.",
    todo: "List its plugin in `plugins`, or remove the tap.",
  },
  WG_NO_REALM: {
    class: "WampgateError",
    meaning: "A session in process was asked for in a realm that the config does not have.",
    todo: "Add the realm to `realms`, or correct its name.",
  },
  WG_NO_ROLE: {
    class: "WampgateError",
    meaning: "A session in process was asked for with a role that the realm does not have.",
    todo: "Add the role to `roles` of the realm, or correct its name.",
  },
  WG_PLUGIN_APPLY: {
    class: "PluginError",
    meaning: "A plugin threw in `apply`, so there is no router.",
    todo: "Correct the plugin or its options. `--debug` shows where it failed.",
  },
  WG_PLUGIN_SESSION: {
    class: "PluginError",
    meaning: "A plugin asked for a session in process before the router started, or after it had closed.",
    todo: "Correct the plugin: it may ask from the hook `starting` on, but not in `apply`.",
  },
  WG_PLUGIN_SHARED: {
    class: "PluginError",
    meaning: "A plugin wanted to share with other nodes what cannot be shared.",
    todo: "Correct the plugin: the message says what `api.shared` takes.",
  },
  WG_ROUTE_HANDLER: {
    class: "PluginError",
    meaning: "A plugin's handler of a route failed. The request got status 500.",
    todo: "Correct the plugin. The log shows where it failed.",
  },
  WG_ROUTE_PLACE: {
    class: "WampgateError",
    meaning:
      "A plugin's route names an entry of `transports` that is not there or has no HTTP, or a path that is taken.",
    todo: "Name another entry or path in the plugin's options, or correct the plugin.",
  },
  WG_SERIALIZER: {
    class: "WampgateError",
    meaning: "A transport names a serializer that is not loaded.",
    todo: "Correct `serializers` of the transport, or add the plugin that has it.",
  },
  WG_SESSION_LEFT: {
    class: "WampgateError",
    meaning: "A session has left while something was done for it. It is the reason of the `signal` that handlers get.",
    todo: "Nothing: the answer is not needed any more.",
  },
  WG_START_ENDED: {
    class: "WampgateError",
    meaning: "`close()` was called while the router started.",
    todo: "Make a new router with `createRouter()`.",
  },
  WG_START_STATE: {
    class: "WampgateError",
    meaning: "`start()` was called a second time, or after `drain()` or `close()`.",
    todo: "Start a router once. Make a new one with `createRouter()`.",
  },
  WG_STRATEGY_ACCEPTED: {
    class: "PluginError",
    meaning: "A strategy accepted a login itself, but the method must check the proof.",
    todo: "Answer with a credential. `strategyMayVerify` of a method says whether strategies may check proofs.",
  },
  WG_STRATEGY_ANSWER: {
    class: "PluginError",
    meaning: "A strategy or a method's static principals left a question for a principal without an answer.",
    todo: "Return `credential()`, `accepted()`, `denied()` or `unknown()` on every path.",
  },
  WG_STRATEGY_DECOY: {
    class: "PluginError",
    meaning: "`decoy` of a strategy threw, or gave no credential for an unknown authid. The login was refused.",
    todo: "Answer `credential()`, which no proof fits.",
  },
  WG_TLS_FILE: {
    class: "WampgateError",
    meaning: "A file of `tls` cannot be read.",
    todo: "Correct the path, or let the user that runs wampgate read it.",
  },
  WG_TLS_PAIR: {
    class: "WampgateError",
    meaning: "A TLS key and its certificate cannot be used together, or one of them is damaged.",
    todo: "Name the key that the certificate was made for, both in PEM.",
  },
  WG_TOKEN_FILE: {
    class: "WampgateError",
    meaning: "The token file of the side listener cannot be used.",
    todo: "The message says why: others may read it, it is too short, or it cannot be read or made.",
  },
  WG_TRANSPORT: {
    class: "WampgateError",
    meaning: "A plugin's transport does not keep to its contract, so that its entry is not open.",
    todo: "Correct `accepts` and `open` of the transport.",
  },
  WG_UPGRADE_HEADER: {
    class: "WampgateError",
    meaning: "A tap of the hook `upgrade` set a header that an answer cannot have. The request was refused with 500.",
    todo: "Leave line breaks and characters beyond ASCII out, and leave `Connection`, `Upgrade` and `Sec-WebSocket-…` to the router.",
  },
  WG_USAGE: {
    class: "UsageError",
    meaning: "The command line is wrong.",
    todo: "Correct it: the message says how. `wampgate --help` lists the commands.",
  },
  WG_VERIFIED_ANSWER: {
    class: "PluginError",
    meaning: "A tap of the hook `verified` answered `accept()`. The login was denied.",
    todo: "Return `undefined` to let the login go on: the client is accepted already.",
  },
  WG_WAMP: {
    class: "WampError",
    meaning: "A request of a session in process was answered with an error, or its session has left.",
    todo: "Look at `uri`, which says what it is, and at `args` and `kwargs`. Errors that handlers throw go to the caller the same way.",
  },
  WG_WORKER_START: {
    class: "WampgateError",
    meaning: "A worker of `wampgate start --workers` did not start, so none of them runs.",
    todo: "The worker has written why. Correct that, and start again.",
  },
} as const satisfies Readonly<Record<`WG_${string}`, ErrorEntry>>;

/** The stable name of an error: `WG_LISTEN`. */
export type ErrorCode = keyof typeof ERRORS;

/** The codes of one class. */
export type CodeOf<C extends ErrorEntry["class"]> = {
  [K in ErrorCode]: (typeof ERRORS)[K]["class"] extends C ? K : never;
}[ErrorCode];

type Values<T> = T[keyof T];

/** The URIs in ABORT, ERROR and GOODBYE that are this router's own. */
export type OwnUri = Extract<Values<typeof ErrorUri> | Values<typeof CloseUri>, `wampgate.${string}`>;

/** What clients may read about the router's own URIs. Those of the WAMP specification have their meaning from there. */
export const OWN_URIS: Readonly<Record<OwnUri, { readonly meaning: string; readonly todo: string }>> = {
  "wampgate.close.expired": {
    meaning: "The session's login has expired, or its role's `max-session-time` is over.",
    todo: "Log in again. A session can renew its login before that: see [sessions that end](../guides/expiry.md).",
  },
  "wampgate.error.limit_exceeded": {
    meaning:
      "The session, its realm or the transport has as much as a limit of the config allows. The message names the limit.",
    todo: "Use less, or try again later. The operator can raise the limit: see [limits](limits.md).",
  },
  "wampgate.error.receiver_busy": {
    meaning:
      "The callee does not read fast enough: more than `max-buffered` bytes wait for it, so the call was not sent to it.",
    todo: "Call again later.",
  },
};
