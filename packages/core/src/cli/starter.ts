import { METHOD_PACKAGES, STRATEGY_PACKAGES } from "../config/known-packages.ts";

/** The file with the JSON Schema that starter configs name. */
export const SCHEMA_FILE = "wampgate.schema.json";

const YAML = `# yaml-language-server: $schema=./wampgate.schema.json
# The router's config. Check it with: npx wampgate check
# All keys: docs/reference/config.md of wampgate. For your editor: npx wampgate schema > wampgate.schema.json

# Authentication comes from plugins; install each one that is listed here.
plugins:
  - "${METHOD_PACKAGES.anonymous}"
  - "${METHOD_PACKAGES.ticket}"
  # - "${METHOD_PACKAGES.wampcra}"
  # - "${METHOD_PACKAGES.cryptosign}"
  # - "${METHOD_PACKAGES.scram}"
  # - "${METHOD_PACKAGES.tls}"
  # - "${METHOD_PACKAGES.totp}"
  # - "${STRATEGY_PACKAGES.dynamic}"

realms:
  - name: realm1
    roles:
      - name: guest
        permissions:
          # The most specific rule that matches decides; what no rule names is denied.
          - { uri: com.example.public., match: prefix, allow: { call: true, subscribe: true } }
      - name: user
        allow-by-default: true

transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 8080 }
    path: /ws
    auth:
      anonymous: { type: static, role: guest }
      ticket:
        type: static
        principals:
          # The value comes from the environment: JOE_TICKET=… npx wampgate start
          joe: { ticket: "\${JOE_TICKET}", role: user }
      # A key that never leaves the client; npx wampgate keygen makes one.
      # cryptosign: { type: static, principals: { ann: { authorized_keys: ["\${ANN_KEY}"], role: user } } }
      # A password that never leaves the client; npx wampgate hash --scram prints what stands here.
      # scram: { type: static, principals: { tom: { kdf: pbkdf2, iterations: 600000, salt: "\${TOM_SALT}", stored-key: "\${TOM_STORED}", server-key: "\${TOM_SERVER}", role: user } } }
      # A client's certificate; add tls: { key, certificate, ca-certificates: [clients-ca.pem], client-certificates: optional } to the endpoint.
      # tls: { type: static, authid-from: subject.cn, default-role: user }
      # The code of an app as a second factor: add "then: totp" to ticket; npx wampgate totp joe makes the seed.
      # totp: { type: static, alone: false, principals: { joe: { seed: "\${JOE_SEED}" } } }
      # A WAMP procedure decides each login; add ${STRATEGY_PACKAGES.dynamic} to the plugins.
      # wampcra: { type: dynamic, authenticator: com.example.authenticate, authenticator-realm: realm1 }
`;

const ROLES = `[
        {
          name: "guest",
          // The most specific rule that matches decides; what no rule names is denied.
          permissions: [{ uri: "com.example.public.", match: "prefix", allow: { call: true, subscribe: true } }],
        },
        { name: "user", "allow-by-default": true },
      ]`;

const TYPESCRIPT = `import { defineConfig } from "@wampgate/core";
// Authentication comes from plugins; install each one.
import anonymous from "${METHOD_PACKAGES.anonymous}";
import ticket from "${METHOD_PACKAGES.ticket}";

// The router's config. Check it with: npx wampgate check
export default defineConfig({
  plugins: [anonymous, ticket],
  realms: [
    {
      name: "realm1",
      roles: ${ROLES},
    },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 8080 },
      path: "/ws",
      auth: {
        anonymous: { type: "static", role: "guest" },
        // The value comes from the environment: JOE_TICKET=… npx wampgate start
        ticket: { type: "static", principals: { joe: { ticket: "\${JOE_TICKET}", role: "user" } } },
      },
    },
  ],
});
`;

const JSON_TEXT = `${JSON.stringify(
  {
    $schema: `./${SCHEMA_FILE}`,
    plugins: [METHOD_PACKAGES.anonymous, METHOD_PACKAGES.ticket],
    realms: [
      {
        name: "realm1",
        roles: [
          {
            name: "guest",
            permissions: [{ uri: "com.example.public.", match: "prefix", allow: { call: true, subscribe: true } }],
          },
          { name: "user", "allow-by-default": true },
        ],
      },
    ],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 8080 },
        path: "/ws",
        auth: {
          anonymous: { type: "static", role: "guest" },
          ticket: { type: "static", principals: { joe: { ticket: "${JOE_TICKET}", role: "user" } } },
        },
      },
    ],
  },
  null,
  2,
)}\n`;

/** The starter config in each form, by the file's extension. */
export const STARTERS = { yaml: YAML, ts: TYPESCRIPT, json: JSON_TEXT } as const;
