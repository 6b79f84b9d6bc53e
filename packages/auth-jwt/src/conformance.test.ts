import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { describeStrategy } from "@wampgate/plugin-testkit";
import { SignJWT } from "jose";
import { folderOf } from "../../../jest/folder.ts";
import plugin from "./index.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicPem = pair.publicKey.export({ type: "spki", format: "pem" }) as string;
const privatePem = pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const folder = await folderOf({
  "key.pem": publicPem,
  "private.pem": privatePem,
  "rsa.pem": rsa.publicKey.export({ type: "spki", format: "pem" }) as string,
  "broken.pem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
  "empty.json": '{ "keys": [] }',
  "slip.json": "{ nothing",
  "none.txt": "no key",
  "set.json": JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "1" }] }),
});
const file = (name: string): string => join(folder, name);

const block = {
  issuer: "https://id.example.com",
  audience: "wampgate",
  keys: { file: file("key.pem") },
  algorithms: ["ES256"],
  "default-role": "user",
};
const token = await new SignJWT({ sub: "joe", iss: "https://id.example.com", aud: "wampgate" })
  .setProtectedHeader({ alg: "ES256" })
  .setExpirationTime("1h")
  .sign(pair.privateKey);

const bad = (changed: object, path: string) => ({
  block: { ...block, ...changed },
  path: `probe-authenticate.${path}`,
});
const remote = (jwks: string) => bad({ keys: { jwks } }, "keys.jwks");

describeStrategy(
  { describe, it },
  {
    plugin,
    type: "jwt",
    block,
    authid: "joe",
    ticket: token,
    ignoresAuthid: true,
    badBlocks: [
      bad({ issuer: undefined }, "issuer"),
      bad({ issuer: [] }, "issuer"),
      bad({ audience: undefined }, "audience"),
      bad({ keys: undefined }, "keys"),
      bad({ keys: {} }, "keys"),
      bad({ keys: { file: file("key.pem"), jwks: "https://id.example.com/jwks" } }, "keys"),
      remote("id.example.com/jwks"),
      remote("http://id.example.com/jwks"),
      remote("ftp://id.example.com/jwks"),
      remote("https://user:pass@id.example.com/jwks"),
      bad({ keys: { secret: "too short" }, algorithms: ["HS256"] }, "keys.secret"),
      bad({ keys: { file: file("missing.pem") } }, "keys.file"),
      bad({ keys: { file: folder } }, "keys.file"),
      bad({ keys: { file: file("private.pem") } }, "keys.file"),
      bad({ keys: { file: file("broken.pem") } }, "keys.file"),
      bad({ keys: { file: file("empty.json") } }, "keys.file"),
      bad({ keys: { file: file("slip.json") } }, "keys.file"),
      bad({ keys: { file: file("none.txt") } }, "keys.file"),
      bad({ algorithms: [] }, "algorithms"),
      bad({ algorithms: ["none"] }, "algorithms"),
      bad({ algorithms: ["HS256"] }, "algorithms"),
      bad({ algorithms: ["RS256"] }, "algorithms"),
      bad({ keys: { file: file("rsa.pem") }, algorithms: ["RS256", "ES256"] }, "algorithms"),
      bad({ keys: { file: file("set.json") }, algorithms: ["ES384"] }, "algorithms"),
      bad({ keys: { secret: "x".repeat(32) }, algorithms: ["HS256", "ES256"] }, "algorithms"),
      bad({ "clock-tolerance": 301 }, "clock-tolerance"),
      bad({ "max-age": 0 }, "max-age"),
      bad({ claims: { rolle: "x" } }, "claims.rolle"),
      bad({ roles: { admin: 7 } }, "roles.admin"),
      bad({ from: "cookie:session" }, "from"),
      bad({ from: "header:session" }, "from"),
      bad({ from: "cookie:a b" }, "from"),
    ],
  },
);
