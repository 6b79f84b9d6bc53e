import { z } from "zod";
import { TRUSTED_ROLE } from "../../wamp/trusted-role.ts";
import { isPattern, isUri, type MatchPolicy } from "../../wamp/uri.ts";

export const uri = z
  .string()
  .refine((value) => isUri(value), "expected a WAMP URI: components divided by dots, none empty");

const permissionSchema = z
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
        "force-reregister": z.boolean().default(false),
      })
      .prefault({})
      .describe(
        "what the role may do there. Keys that are left out are denied. `force-reregister` (with `register`): take the procedure from sessions of other users, by the option `force_reregister`",
      ),
    disclose: z
      .strictObject({ caller: z.boolean().default(false), publisher: z.boolean().default(false) })
      .prefault({})
      .describe("whether callees and subscribers are shown who calls or publishes"),
    cache: z.boolean().optional().describe("accepted for compatibility with Crossbar; a static rule needs no cache"),
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
  })
  .transform(({ uri: pattern, match, allow, disclose }) => ({
    ...(match === undefined ? unstarred(pattern) : { uri: pattern, match }),
    allow,
    disclose,
  }));

/** Crossbar's stars: `*` and `a.b.*` are prefixes, `a.*.c` is a wildcard. */
function unstarred(pattern: string): { uri: string; match: MatchPolicy } {
  if (!pattern.includes("*")) return { uri: pattern, match: "exact" };
  if (pattern.endsWith("*") && !pattern.slice(0, -1).includes("*"))
    return { uri: pattern.slice(0, -1), match: "prefix" };
  return { uri: pattern.replaceAll("*", ""), match: "wildcard" };
}

/** A rule of a role, with its pattern in WAMP's own form. */
export type Permission = z.output<typeof permissionSchema>;

export const roleSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .refine((role) => role !== TRUSTED_ROLE, `the role ${TRUSTED_ROLE} is the router's own; choose another name`)
    .describe("the role's name"),
  permissions: z
    .array(permissionSchema)
    .optional()
    .describe("who may do what; the most specific of the matching rules decides; an empty list denies all"),
  "allow-by-default": z.boolean().default(false).describe("whether URIs that no rule matches are allowed"),
  authorizer: uri
    .optional()
    .describe("the procedure that is called with (session, uri, action, options) if no rule decides"),
  "authorizer-realm": z
    .string()
    .optional()
    .describe("the realm in which the authorizer is registered; default: the role's own"),
  "trust-level": z
    .int()
    .min(0)
    .optional()
    .describe("shown as `trustlevel` to those who receive this role's calls and events; 0 is the lowest"),
  "max-session-time": z
    .int()
    .min(1000)
    .optional()
    .meta({ unit: "ms" })
    .describe("how long a session of the role may last, in milliseconds; then it ends with `wampgate.close.expired`"),
});

export type RoleSettings = z.output<typeof roleSchema>;
