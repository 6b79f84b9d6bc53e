import { describeStrategy } from "@wampgate/plugin-testkit";
import { WampError } from "@wampgate/core";
import plugin from "./index.ts";

const realms = [
  {
    name: "realm1",
    roles: [
      { name: "user", "allow-by-default": true },
      { name: "authenticator", permissions: [{ uri: "com.example.authenticate", allow: { register: true } }] },
    ],
  },
];

const authenticator = "com.example.authenticate";

describeStrategy(
  { describe, it },
  {
    plugin,
    type: "dynamic",
    block: { authenticator, "authenticator-realm": "realm1" },
    authid: "joe",
    ticket: "a secret ticket",
    realms,
    async setUp({ router }) {
      const session = router.session("realm1", { role: "authenticator" });
      await session.register(authenticator, ([, authid, details]) => {
        const { ticket } = details as { ticket?: string };
        if (authid !== "joe") throw new WampError("com.example.no_such_user", "nobody here bears this name");
        if (ticket !== undefined && ticket !== "a secret ticket") throw new WampError("com.example.invalid_ticket");
        return { role: "user" };
      });
    },
    badBlocks: [
      { block: {}, path: "probe-authenticate.authenticator" },
      { block: { authenticator: "not a uri" }, path: "probe-authenticate.authenticator" },
      { block: { authenticator, timeout: -1 }, path: "probe-authenticate.timeout" },
      { block: { authenticator, wait: "long" }, path: "probe-authenticate.wait" },
      { block: { authenticator, "authenticator-realm": "nope" }, path: "probe-authenticate.authenticator-realm" },
      { block: { authenticator, authenticator_realm: "realm1" }, path: "probe-authenticate.authenticator_realm" },
      { block: { authenticator, "authenticator-role": "x" }, path: "probe-authenticate.authenticator-role" },
    ],
  },
);
