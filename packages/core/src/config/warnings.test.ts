import { config, load, realmWith, ruleWith } from "../../../../test/support/pin-config.ts";

describe("what is legal but probably a mistake is a warning", () => {
  const warnings = async (raw: unknown): Promise<string[]> => (await load(raw)).warnings.map(({ message }) => message);

  it("a principal without a role", async () => {
    const block = { type: "static", principals: { joe: { pin: "1234" } } };
    expect(await warnings(config({}, { pin: block }))).toEqual([expect.stringContaining("has no role")]);
    expect(await warnings(config({}, { pin: { ...block, "default-role": "user" } }))).toEqual([]);
  });

  it("a principal whose login has expired, which does not keep the router from starting", async () => {
    const principals = {
      joe: { pin: "1234", role: "user", expires: "2020-01-31T08:00:00Z" },
      ann: { pin: "1234", role: "user", expires: "2099-01-31T08:00:00Z" },
    };
    const { warnings: found } = await load(config({}, { pin: { type: "static", principals } }));
    const path = ["transports", 0, "auth", "pin", "principals", "joe", "expires"];
    expect(found).toEqual([{ path, message: "it expired at 2020-01-31T08:00:00.000Z: its logins are denied" }]);
  });

  describe("a principal without a realm", () => {
    const realms = ["realm1", "realm2", "realm3"].map((name) => ({
      name,
      roles: [{ name: "user" }, { name: `only-${name}` }],
    }));
    const warningsOf = (principals: object, more: object = {}): Promise<string[]> =>
      warnings(config({ realms }, { pin: { type: "static", principals, ...more } }));

    it("whose role several realms have: it names them", async () => {
      const found = await warningsOf({ joe: { pin: "1234", role: "user" } });
      expect(found).toEqual([
        'it has no realm, so its client chooses by HELLO among those with the role "user": realm1, realm2, realm3; set realm to keep it in one',
      ]);
      expect(await warningsOf({ joe: { pin: "1234" } }, { "default-role": "user" })).toEqual(found);
    });

    it("is told of once for all of a block with the same role, at the first one", async () => {
      const principals = Object.fromEntries(
        ["joe", "ann", "max"].map((authid) => [authid, { pin: "1234", role: "user" }]),
      );
      const { warnings: found } = await load(config({ realms }, { pin: { type: "static", principals } }));
      expect(found).toEqual([
        {
          path: ["transports", 0, "auth", "pin", "principals", "joe"],
          message: expect.stringContaining('"user" (2 more of this block also): realm1') as string,
        },
      ]);
    });

    it("is fine where only one realm has its role, or it has a realm", async () => {
      expect(await warningsOf({ joe: { pin: "1234", role: "only-realm2" } })).toEqual([]);
      expect(await warningsOf({ joe: { pin: "1234", role: "user", realm: "realm2" } })).toEqual([]);
    });

    it("in a config with many realms names five of them", async () => {
      const many = Array.from({ length: 9 }, (_, i) => ({ name: `realm${i}`, roles: [{ name: "user" }] }));
      expect(await warnings(config({ realms: many }))).toEqual([
        expect.stringContaining("realm4 and 4 more; set realm"),
      ]);
    });
  });

  describe("a permission rule", () => {
    const rulesWith = (permissions: object[], options: object = {}) =>
      config({ realms: [{ name: "realm1", roles: [{ name: "user", permissions }], options }] });
    const ruleWarnings = async (permissions: object[], options?: object): Promise<string[]> =>
      (await load(rulesWith(permissions, options))).warnings.map(
        ({ path, message }) => `${path.slice(4).join(".")}: ${message}`,
      );

    it("that denies what a later rule for the same URIs allows", async () => {
      for (const uri of ["com.secret", "com.secret.*"])
        expect(
          await ruleWarnings([
            { uri, allow: {} },
            { uri, allow: { call: true, publish: true } },
          ]),
        ).toEqual([
          "permissions.0: never decides, since permissions[1] is for the same URIs, and the later one counts: what this rule denies, call and publish, is allowed; remove one",
        ]);
    });

    it("for a wildcard that a prefix always overrules", async () => {
      const found = await ruleWarnings([
        { uri: "com.app..key", match: "wildcard", allow: {} },
        { uri: "com.app.", match: "prefix", allow: { call: true } },
        { uri: "com.app.", match: "prefix", allow: { call: true } },
      ]);
      expect(found).toEqual([]);
      expect(
        await ruleWarnings([
          { uri: "com.app..k", match: "wildcard", allow: {} },
          { uri: "com.app.", match: "prefix", allow: { call: true } },
        ]),
      ).toEqual([
        expect.stringMatching(/^permissions\.0: never decides, .* literal characters.*: what this rule denies, call,/),
      ]);
    });

    it("that never decides though it grants more", async () => {
      expect(
        await ruleWarnings([
          { uri: "com.a", allow: { call: true } },
          { uri: "com.a", allow: {} },
        ]),
      ).toEqual([expect.stringMatching(/^permissions\.0: never decides/)]);
    });

    it("with a * that is no pattern", async () => {
      expect(await ruleWarnings([{ uri: "com.secret.*", match: "prefix", allow: {} }])).toEqual([
        expect.stringContaining("with match: prefix a * is only a character"),
      ]);
    });

    it("that no legal URI of its realm matches", async () => {
      expect(await ruleWarnings([{ uri: "com.Secret", allow: {} }])).toEqual([]);
      expect(await ruleWarnings([{ uri: "com.Secret", allow: {} }], { "uri-check": "strict" })).toEqual([
        expect.stringContaining("never matches: the realm has uri-check: strict"),
      ]);
      expect(await ruleWarnings([{ uri: "a".repeat(65), allow: {} }], { "max-uri-length": 64 })).toEqual([
        expect.stringContaining("never matches: URIs have 64 characters at most"),
      ]);
    });

    it("is fine if another one says the same, or more specific ones say something else", async () => {
      const allow = { call: true };
      expect(
        await ruleWarnings([
          { uri: "com.a", allow },
          { uri: "com.a", allow },
        ]),
      ).toEqual([]);
      expect(
        await ruleWarnings([
          { uri: "com.*", allow },
          { uri: "com.secret", allow: {} },
          { uri: "com.secret.*", allow: {} },
          { uri: "com.*.open", allow },
        ]),
      ).toEqual([]);
    });
  });

  it("an authenticator in the realm that the client names", async () => {
    const block = { type: "asking", procedure: "com.auth" };
    const realms = ruleWith({ uri: "com.auth", allow: { register: true } });
    expect(await warnings(config(realms, { pin: block }))).toEqual([expect.stringContaining("without asked-realm")]);
    expect(await warnings(config(realms, { pin: { ...block, "asked-realm": "realm1" } }))).toEqual([]);
  });

  it("an authenticator that no role may register: only an exact rule counts", async () => {
    const block = { type: "asking", procedure: "com.auth", "asked-realm": "realm1" };
    const found = async (role: object): Promise<string[]> => warnings(config(realmWith(role), { pin: block }));
    const add = 'add { uri: "com.auth", allow: { register: true } } to the permissions of the role';
    expect(await found({})).toEqual([expect.stringContaining(`${add} that it logs in with`)]);
    const broad = [{ "allow-by-default": true }, { permissions: [{ uri: "com.*", allow: { register: true } }] }];
    for (const role of broad) expect(await found(role)).toEqual([expect.stringContaining(`${add} "user"`)]);
    expect(await found({ permissions: [{ uri: "com.auth", allow: { register: true } }] })).toEqual([]);
  });

  it("an authorizer that no role may register, with its realm and what follows", async () => {
    const role = { authorizer: "com.authorize", "authorizer-realm": "realm1" };
    expect((await load(config(realmWith(role)))).warnings).toEqual([
      {
        path: ["realms", 0, "roles", 0, "authorizer"],
        message: expect.stringMatching(/no role of the realm "realm1" may .*, so it is never asked/) as string,
      },
    ]);
  });

  it("a component whose role may do nothing, with what it may be", async () => {
    const components = [{ module: () => undefined, realm: "realm1", role: "user" }];
    const found = async (role: object): Promise<string[]> => warnings(config({ ...realmWith(role), components }));
    const nothing = [{}, { permissions: [] }, { permissions: [], "allow-by-default": true }];
    for (const role of [...nothing, { permissions: [{ uri: "a", allow: { call: false } }] }])
      expect(await found(role)).toEqual([
        expect.stringContaining('no rule lets the role "user" of the realm "realm1"'),
      ]);
    const something = [{ "allow-by-default": true }, { permissions: [{ uri: "a", allow: { call: true } }] }];
    for (const role of something) expect(await found(role)).toEqual([]);
  });

  it("a component's role is named where it lacks the right to register an authenticator", async () => {
    const components = [{ module: () => undefined, realm: "realm1", role: "user" }];
    const block = { type: "asking", procedure: "com.auth", "asked-realm": "realm1" };
    const role = realmWith({ permissions: [{ uri: "a", allow: { call: true } }] });
    expect(await warnings(config({ ...role, components }, { pin: block }))).toEqual([
      expect.stringMatching(/to the permissions of the role "user"$/),
    ]);
  });

  it("a role that may call an authenticator", async () => {
    const block = { type: "asking", procedure: "com.auth", "asked-realm": "realm1" };
    const realms = (rule: object) => ruleWith({ uri: "com.auth", ...rule });
    expect(await warnings(config(realms({ allow: { call: true, register: true } }), { pin: block }))).toEqual([
      expect.stringContaining("call the authenticator or authorizer com.auth"),
    ]);
    expect(await warnings(config(realms({ allow: { register: true } }), { pin: block }))).toEqual([]);
  });
});
