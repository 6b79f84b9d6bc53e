import { z } from "zod";
import { authSchema } from "../auth/settings.ts";
import { limitSettings } from "../limits/settings.ts";
import { componentSchema, pluginsSchema } from "../plugins/settings.ts";
import { realmSchema } from "../realm/settings.ts";
import { routerSettings } from "../router/settings.ts";
import { messageSettings } from "../serializers/settings.ts";
import { sessionSettings } from "../session/settings.ts";

/** The keys of every entry of `transports`, besides `type` and `auth`. */
export const entrySettings = z.object({
  ...sessionSettings.shape,
  ...messageSettings.shape,
  ...limitSettings.shape,
});

export type EntrySettings = z.output<typeof entrySettings>;

/** Core's keys of an entry of `transports`. The others are its transport's own. */
export const transportSchema = z.looseObject({
  type: z.string().describe("`websocket`, `rawsocket`, `memory`, or a type that a plugin provides"),
  auth: authSchema,
  ...entrySettings.shape,
});

/** Core's key of `cluster`. The others are its link's own. */
export const clusterSchema = z.looseObject({
  type: z.string().describe("a type that a plugin provides"),
});

/** The whole config, as far as core knows it. */
export const rootSchema = z.strictObject({
  $schema: z.string().optional().describe("for editors"),
  plugins: pluginsSchema.default([]),
  realms: z.array(realmSchema).min(1).describe("the realms, which keep their sessions apart"),
  transports: z.array(transportSchema).min(1).describe("where clients connect, and how they log in there"),
  components: z
    .array(componentSchema)
    .default([])
    .describe(
      "code that runs in the router's process with a session of its own, started in order before anything listens",
    ),
  cluster: clusterSchema
    .optional()
    .describe("the routers that act as one with this one, reached by a link of a plugin; default: none"),
  ...routerSettings.shape,
});
