import cryptosign from "@wampgate/auth-cryptosign";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { sign } from "wampy/cryptosign.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";
import { WebSocket } from "ws";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { login, Refused, withKey } from "./support/autobahn.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

// Clients of others log in by cryptosign, to an `auth` block of Crossbar's examples. autobahn-python does so in python.test.ts.

const DENIED = "wamp.error.authentication_denied";
const SEEDS = { client01: "a1".repeat(32), client02: "a2".repeat(32), second: "a3".repeat(32) };
const keyOf = (name: keyof typeof SEEDS): string => new SigningKey(SEEDS[name]).publicKey;

/** As in Crossbar's example `cryptosign/static`. */
const auth = {
  cryptosign: {
    type: "static",
    principals: {
      "client01@example.com": { realm: "devices", role: "device", authorized_keys: [keyOf("client01")] },
      "client02@example.com": {
        realm: "devices",
        role: "device",
        authorized_keys: [keyOf("client02"), keyOf("second")],
      },
    },
  },
};

let running: RunningRouter;
beforeAll(async () => {
  running = await startRouter({
    plugins: [[cryptosign, { "router-key": "a5".repeat(32) }]],
    realms: [{ name: "devices", roles: [{ name: "device", "allow-by-default": true }] }],
    auth,
  });
});
afterAll(() => running.close());

const joined = { realm: "devices", authrole: "device", authmethod: "cryptosign", authprovider: "static" };

describe.each(
  ([22, 26] as const).flatMap((version) =>
    (["json", "msgpack", "cbor"] as const).map((format) => [version, format] as const),
  ),
)("autobahn-js %i over %s", (version, serializer) => {
  const by = (name: keyof typeof SEEDS) => ({
    url: running.url,
    serializer,
    ...withKey(SEEDS[name], keyOf(name), version),
  });
  const outcome = async (options: Parameters<typeof login>[0]): Promise<unknown> =>
    login(options).then(
      async ({ details, close }) => {
        await close();
        return details;
      },
      (error: unknown) => (error instanceof Refused ? error.reason : error),
    );

  it("logs in by authid and key", async () => {
    const options = { ...by("client01"), realm: "devices", authid: "client01@example.com" };
    expect(await outcome(options)).toMatchObject({ ...joined, authid: "client01@example.com" });
  });

  it.each(["client02", "second"] as const)("logs in by its key alone, %s, without realm and authid", async (name) => {
    expect(await outcome({ ...by(name), realm: null })).toMatchObject({ ...joined, authid: "client02@example.com" });
  });

  it("takes a CHALLENGE with the router's signature", async () => {
    const options = by("client01");
    const authextra = { ...options.authextra, challenge: "22".repeat(32) };
    expect(await outcome({ ...options, realm: "devices", authextra })).toMatchObject(joined);
  });

  it("is denied with another's key, another's signature, and an unknown authid", async () => {
    for (const [authid, name] of [
      ["client01@example.com", "client02"],
      ["client02@example.com", "client01"],
      ["nobody@example.com", "client01"],
    ] as const)
      expect(await outcome({ ...by(name), realm: "devices", authid })).toBe(DENIED);
    const forged = { ...by("client01"), ...withKey(SEEDS.client02, keyOf("client01"), version) };
    expect(await outcome({ ...forged, realm: "devices" })).toBe(DENIED);
  });
});

describe.each([
  ["JSON", () => new JsonSerializer()],
  ["MessagePack", () => new MsgpackSerializer()],
  ["CBOR", () => new CborSerializer()],
])("wampy over %s", (_name, serializer) => {
  const client = (seed: string, authid: string, authextra: object = {}): Wampy =>
    new Wampy(running.url, {
      ws: WebSocket,
      realm: "devices",
      serializer: serializer(),
      maxRetries: 0,
      autoReconnect: false,
      authid,
      authmethods: ["cryptosign"],
      authextra: { pubkey: new SigningKey(seed).publicKey, ...authextra },
      onChallenge: sign(seed),
    } as never);

  it("logs in by authid and key, with a CHALLENGE that the router has signed or not", async () => {
    for (const authextra of [{}, { challenge: "22".repeat(32) }]) {
      const wampy = client(SEEDS.client01, "client01@example.com", authextra);
      expect(await wampy.connect()).toMatchObject({ ...joined, authid: "client01@example.com" });
      await wampy.disconnect();
    }
  });

  it("is denied with another's key, and with an unknown authid", async () => {
    for (const authid of ["client02@example.com", "nobody@example.com"])
      await expect(client(SEEDS.client01, authid).connect()).rejects.toThrow();
  });
});
