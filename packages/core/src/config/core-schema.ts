import { z } from "zod";
import { TRUSTED_ROLE } from "../wamp/trusted-role.ts";
import { isPlugin } from "../plugins/define.ts";
import type { Plugin } from "../contract/plugin.ts";
import type { Component } from "../plugins/start-component.ts";
import { isPattern, isUri } from "../wamp/uri.ts";

/** Core's own part of the config: what each key holds and means. The reference in docs/ is made of it. */

export const milliseconds = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

const plugin = z.custom<Plugin>(isPlugin, "expected a package's name, a file, or a plugin made by definePlugin");
const name = z.union([z.string().min(1), plugin]);
const pluginEntry = z.union([name, z.tuple([name, z.record(z.string(), z.unknown())])]);

export const pluginsSchema = z
  .array(pluginEntry)
  .describe('the plugins: packages or files, or `["name", { …options }]`; in a JS config the plugins themselves');

const uri = z.string().refine((value) => isUri(value), "expected a WAMP URI: components divided by dots, none empty");

export const permissionSchema = z
  .strictObject({
    uri: z
      .string()
      .describe("the URI or the pattern; without `match`, a `*` is Crossbar's: at the end a prefix, else a wildcard"),
    match: z
      .enum(["exact", "prefix", "wildcard"])
      .optional()
      .describe(
        "how `uri` is compared: equal, as the beginning, or component by component with empty ones matching any",
      ),
    allow: z
      .strictObject({
        call: z.boolean().default(false),
        register: z.boolean().default(false),
        publish: z.boolean().default(false),
        subscribe: z.boolean().default(false),
      })
      .prefault({})
      .describe("what the role may do there; what is not named it may not"),
    disclose: z
      .strictObject({ caller: z.boolean().default(false), publisher: z.boolean().default(false) })
      .prefault({})
      .describe("whether callees and subscribers are shown who calls or publishes"),
    cache: z.boolean().optional().describe("accepted for Crossbar's sake; a static rule needs no cache"),
    validate: z.never({ error: "validate is not supported: the router does not look into payloads" }).optional(),
  })
  .superRefine(({ uri: pattern, match }, context) => {
    const starred = match === undefined && pattern.includes("*");
    if (starred ? isPattern(pattern.replaceAll("*", ""), "wildcard") : isPattern(pattern, match ?? "exact")) return;
    context.addIssue({
      code: "custom",
      path: ["uri"],
      message: `expected a URI that is legal with match: ${match ?? "exact"}`,
    });
  });

export const roleSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .refine((role) => role !== TRUSTED_ROLE, `the role ${TRUSTED_ROLE} is the router's own; choose another name`)
    .describe("the role's name"),
  permissions: z
    .array(permissionSchema)
    .optional()
    .describe("who may do what: of the rules that match, the most specific one decides; an empty list denies all"),
  "allow-by-default": z.boolean().default(false).describe("whether what no rule names is allowed"),
  authorizer: uri
    .optional()
    .describe("the procedure that is called with (session, uri, action, options) about what no rule settles"),
  "authorizer-realm": z
    .string()
    .optional()
    .describe("the realm in which the authorizer is registered; default: the role's own"),
  "trust-level": z
    .int()
    .min(0)
    .optional()
    .describe("shown as `trustlevel` to those who receive this role's calls and events; 0 is the lowest"),
});

export const historySchema = z
  .strictObject({
    uri: z.string().describe("the topic, or the pattern of topics"),
    match: z.enum(["exact", "prefix", "wildcard"]).default("exact").describe("how `uri` is compared"),
    limit: z.int().min(1).max(100_000).default(100).describe("how many of the last events are kept"),
  })
  .superRefine(({ uri: pattern, match }, context) => {
    if (isPattern(pattern, match)) return;
    context.addIssue({ code: "custom", path: ["uri"], message: `expected a URI that is legal with match: ${match}` });
  });

const perSession = (what: string) => z.int().min(0).default(10_000).describe(`how many ${what}`);

export const realmOptionsSchema = z.strictObject({
  "uri-check": z
    .enum(["loose", "strict"])
    .default("loose")
    .describe("which URIs are legal: the spec's minimum, or lower-case letters, digits and `_` only"),
  "request-ids": z
    .enum(["strict", "warn", "off"])
    .default("warn")
    .describe(
      "what happens where a client's request ids are not 1, 2, 3 …: the session ends, a warning is logged, nothing",
    ),
  "disclose-me": z
    .enum(["allow", "forbid"])
    .default("allow")
    .describe("whether callers and publishers may show who they are by `disclose_me`"),
  "retained-topics": z
    .int()
    .min(0)
    .default(10_000)
    .describe("how many topics may hold a retained event; past it the oldest ones go"),
  "max-subscriptions": perSession("subscriptions one session may hold"),
  "max-registrations": perSession("registrations one session may hold"),
  "max-pending-calls": perSession("calls one session may have made that are not answered yet"),
  "max-sessions": z.int().min(1).default(100_000).describe("how many sessions may be in the realm"),
  "max-sessions-per-authid": z.int().min(1).default(100_000).describe("how many of them one authid may have"),
  "event-history": z
    .array(historySchema)
    .default([])
    .describe("topics whose events are kept in memory for `wamp.subscription.get_events`"),
});

export const realmSchema = z.strictObject({
  name: uri.describe("the realm's name"),
  roles: z.array(roleSchema).min(1).describe("the roles that sessions can have in it"),
  options: realmOptionsSchema.prefault({}).describe("how the realm treats its clients"),
});

export const blockSchema = z.looseObject({
  type: z.string().describe("`static`, or the type of a strategy: where principals come from"),
  "default-role": z.string().min(1).optional().describe("the role of principals that are assigned none"),
});

export const authSchema = z
  .record(z.string(), z.unknown())
  .describe("the methods offered, each with a block or a list of blocks that are asked in order");

export const transportSchema = z.looseObject({
  type: z.string().describe("`websocket`, `rawsocket`, `memory`, or what a plugin provides"),
  auth: authSchema,
  "auth-timeout": milliseconds
    .default(30_000)
    .describe("how long a login may take, from the opening of the connection to WELCOME, in milliseconds"),
  "max-hello-size": z
    .int()
    .min(1024) // HELLO alone has more than 500 with all its features
    .max(0x7fff_ffff)
    .default(65_536)
    .describe(
      "bytes that a client may send before it has logged in: so many for HELLO, and as many again for each CHALLENGE that it answers",
    ),
  "max-depth": z
    .int()
    .min(8) // HELLO's own take four
    .max(100)
    .default(100)
    .describe("how deep lists and dictionaries of a message may stand in each other"),
  "max-values": z
    .int()
    .min(100) // HELLO's own, with all features there are, take fewer than 60
    .default(100_000)
    .describe("how many values one message may hold: all members of its lists and dictionaries, keys not counted"),
  "max-connections": z.int().min(1).default(100_000).describe("how many connections may be open"),
  "max-half-open": z.int().min(1).default(10_000).describe("how many of them may not have logged in yet"),
  "max-half-open-per-address": z
    .int()
    .min(1)
    .default(1000)
    .describe("how many of those may come from one IPv4 address or IPv6 network of 64 bits"),
  "max-failed-logins-per-address": z
    .int()
    .min(1)
    .default(3000)
    .describe("how many logins may fail in a minute from one address; it is then held back for a second, two, four …"),
  "max-failed-logins-per-authid": z
    .int()
    .min(1)
    .default(3000)
    .describe(
      "how many may fail at one authid from all addresses; then those addresses are held back that have failed themselves, and never logged in as it",
    ),
  "max-messages-per-second": z
    .int()
    .min(0)
    .default(0)
    .describe("how many messages of one client are read in a second; the others wait, none is lost; 0: no limit"),
});

const component = z.custom<Component>((value) => typeof value === "function", "expected a module's name or a function");

export const componentSchema = z.strictObject({
  module: z.union([z.string().min(1), component]).describe("a file or package whose default export is the component"),
  realm: z.string().describe("the realm it joins"),
  role: z.string().describe("its role there"),
  authid: z.string().min(1).default("component").describe("its authid"),
  config: z.unknown().optional().describe("handed to it as second argument"),
  timeout: milliseconds.default(30_000).describe("how long it may take to set itself up, in milliseconds"),
});

export const shutdownSchema = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .default(5000)
  .describe("how long calls that are under way may take once the router is told to stop, in milliseconds");

export const logSchema = z.strictObject({
  buffer: z
    .int()
    .min(4096)
    .max(2 ** 30)
    .default(8 * 1024 * 1024)
    .describe("how much of the log may wait for a slow reader, in bytes; past it lines are dropped and counted"),
});

export const rootSchema = z.strictObject({
  $schema: z.string().optional().describe("for editors"),
  plugins: pluginsSchema.default([]),
  realms: z.array(realmSchema).min(1).describe("the realms: closed rooms for sessions"),
  transports: z.array(transportSchema).min(1).describe("where clients connect, and how they log in there"),
  components: z
    .array(componentSchema)
    .default([])
    .describe(
      "code that runs in the router's process with a session of its own, started in order before anything listens",
    ),
  "shutdown-timeout": shutdownSchema,
  log: logSchema.prefault({}).describe("how the router's own log is written"),
});
