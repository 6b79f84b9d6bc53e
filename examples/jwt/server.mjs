// An OpenID provider on this machine, which gives programs tokens for the router: `client_credentials` of OAuth 2.0.
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const { SERVER, MYSECRET } = process.env;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Who may have a token, and what it names. */
const GROUPS = { sensor: ["everybody", "devices"], ann: ["everybody", "employees"], intruder: [] };

const program = (client_id) => ({
  client_id,
  client_secret: MYSECRET,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
});

const provider = new Provider(SERVER, {
  clients: Object.keys(GROUPS).map(program),
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "first" }] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => ({
        audience: resource.replace("urn:", ""),
        scope: "",
        accessTokenFormat: "jwt",
        accessTokenTTL: 3600,
      }),
    },
  },
  // What the router makes a role of.
  extraTokenClaims: (_context, { clientId }) => ({ groups: GROUPS[clientId] }),
});
// It listens for as long as the example runs.
provider.listen(Number(new URL(SERVER).port), "127.0.0.1", () => console.log("ready"));
