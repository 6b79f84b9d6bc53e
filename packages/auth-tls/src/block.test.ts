import { ConfigError, createRouter, type WampgateConfig } from "@wampgate/core";
import { CapturedLog, sampleCertificate } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

const client = sampleCertificate();
const fixed = (principals: object, more: object = {}): object => ({ type: "static", principals, ...more });

/** What a config is warned of. */
async function warned(block: unknown, endpoint?: object): Promise<string[]> {
  const transport = endpoint === undefined ? { type: "memory" } : { type: "websocket", endpoint };
  const realms = [{ name: "realm1", roles: [{ name: "user" }] }];
  const config = { plugins: [plugin], realms, transports: [{ ...transport, auth: { tls: block } }] };
  const router = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
  return router.warnings.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("wampgate check warns", () => {
  const joe = { "certificate-sha256": client.sha256, role: "user" };
  const files = { key: "key.pem", certificate: "cert.pem" };

  it("of fingerprints by SHA-1, however they are spelt", async () => {
    const principals = { joe, ann: { "certificate-sha1": client.sha1, role: "user" } };
    const sentence =
      "its certificate-sha1 is no proof: other certificates with the same SHA-1 fingerprint can be made; list its certificate-sha256";
    expect(await warned(fixed(principals))).toEqual([`transports.0.auth.tls.principals.ann: ${sentence}`]);
    const spelt = fixed({ ann: { certificate_sha1: client.sha1, role: "user" } });
    expect(await warned(spelt)).toEqual([`transports.0.auth.tls.principals.ann: ${sentence}`]);
  });

  it.each<[string, object, string | null]>([
    ["without TLS", {}, "the endpoint asks none for a certificate; list the authorities in tls.ca-certificates"],
    [
      "without ca-certificates",
      { tls: files },
      "the endpoint asks none for a certificate; list the authorities in tls.ca-certificates",
    ],
    [
      "with no ca-certificates",
      { tls: { ...files, "ca-certificates": [] } },
      "the endpoint asks none for a certificate; list the authorities in tls.ca-certificates",
    ],
    [
      "that is a Unix domain socket",
      { type: "unix", path: "/run/x.sock" },
      "a Unix domain socket has no TLS, so no certificates",
    ],
    ["with ca-certificates", { tls: { ...files, "ca-certificates": ["ca.pem"] } }, null],
    [
      "with optional certificates",
      { tls: { ...files, "ca-certificates": ["ca.pem"], "client-certificates": "optional" } },
      null,
    ],
  ])("of an endpoint %s, if no client can log in by it there", async (_what, endpoint, problem) => {
    const own = { type: "tcp", ...("type" in endpoint ? {} : { port: 0 }), ...endpoint };
    const sentences = await warned(fixed({ joe }), own);
    expect(sentences).toEqual(
      problem === null ? [] : [`transports.0.auth.tls: no client can log in by it: ${problem}`],
    );
  });

  it("of authid-from without a role", async () => {
    expect(await warned(fixed({}, { "authid-from": "sha256" }))).toEqual([
      "transports.0.auth.tls.authid-from: it has no role, and the block no default-role: its login ends in wamp.error.no_such_role",
    ]);
  });
});

it("equal fingerprints are a config error that names both principals", async () => {
  const config = {
    plugins: [plugin],
    realms: [],
    transports: [
      {
        type: "memory",
        auth: {
          tls: fixed({
            joe: { "certificate-sha256": client.sha256 },
            ann: { "certificate-sha256": [client.sha256.toLowerCase()] },
          }),
        },
      },
    ],
  };
  const error = await createRouter(config as unknown as WampgateConfig).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toContain(
    'transports[0].auth.tls.principals.ann.certificate-sha256: "joe" has the same certificate-sha256: a certificate is of one principal alone',
  );
});
