import { createRequire } from "node:module";
import {
  accept,
  assignmentOf,
  credential,
  defineMethod,
  definePlugin,
  principalFields,
  type NoOptions,
  z,
} from "@wampgate/core";
import { serialAuthid } from "./serial-authid.ts";

/** The role without any in the config. */
const ANONYMOUS = "anonymous";

const block = z.strictObject(principalFields);

/**
 * The method `anonymous`: no proof at all. The authid comes from the config, else it is random; the client's is
 * ignored.
 */
export const anonymous = defineMethod({
  name: "anonymous",
  at: "hello",
  credential: z.object({}),
  static: {
    schema: block,
    // Without any role in the config it is `anonymous`, as in Crossbar.
    find: (query, own) => credential({}, { ...assignmentOf(own), role: own.role ?? query.defaultRole ?? ANONYMOUS }),
    assignments: (own) => [{ path: [], ...assignmentOf(own), otherwise: ANONYMOUS }],
  },
  async challenge(attempt) {
    await attempt.resolvePrincipal({ authid: serialAuthid() });
    return accept();
  },
  decoy: () => credential({}),
});

declare module "@wampgate/core" {
  interface AuthMethods {
    anonymous: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-anonymous": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({ name: "@wampgate/auth-anonymous", core: "^0.2.0", version, methods: [anonymous] });
