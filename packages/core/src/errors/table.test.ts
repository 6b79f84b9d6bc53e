import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ERRORS } from "./table.ts";

const ROOT = join(import.meta.dirname, "../../../..");

/** The sources of all packages, by their paths. */
const sources = new Map(
  readdirSync(join(ROOT, "packages"))
    .flatMap((name) =>
      readdirSync(join(ROOT, "packages", name, "src"), { recursive: true, encoding: "utf8" }).map(
        (file) => `packages/${name}/src/${file}`,
      ),
    )
    .filter((file) => /(?<!\.test)\.ts$/.test(file) && !file.endsWith("errors/table.ts"))
    .map((file) => [file, readFileSync(join(ROOT, file), "utf8")]),
);

/** Each code in the sources, with the class that is created with it, if one is. */
const used = [...sources.values()].flatMap((text) =>
  [...text.matchAll(/(?:new (\w+)\(\s*)?"(WG_\w+)"/g)].map(([, kind, code]) => ({ kind, code })),
);

it("each code that the source uses is in the table, with its class", () => {
  expect(used.length).toBeGreaterThan(30);
  const table = Object.entries(ERRORS).map(([code, entry]) => ({ kind: entry.class, code }));
  for (const { kind, code } of used)
    expect(table).toContainEqual(kind === undefined ? expect.objectContaining({ code }) : { kind, code });
});

it("each code in the table is used", () => {
  const codes = new Set(used.map(({ code }) => code));
  expect(Object.keys(ERRORS).filter((code) => !codes.has(code))).toEqual([]);
});

it("the table is sorted, and its sentences are whole", () => {
  expect(Object.keys(ERRORS)).toEqual(Object.keys(ERRORS).toSorted());
  for (const { meaning, todo } of Object.values(ERRORS)) {
    expect(meaning).toMatch(/^[A-Z`].*\.$/);
    expect(todo).toMatch(/^[A-Z`].*\.$/);
  }
});

/** Files that create errors without a code, since another error with one tells what they say. */
const WITHIN_OTHERS: Readonly<Record<string, string>> = {
  "packages/auth-cookie/src/index.ts": "told by WG_HOOK_FAILED",
  "packages/auth-scram/src/saslprep.ts": "told by a UsageError of the command",
  "packages/auth-sql/src/password-hash.ts": "what is wrong with a column, for the log",
  "packages/auth-sql/src/read-value.ts": "what is wrong with a column, for the log",
  "packages/auth-totp/src/index.ts": "told by WG_PLUGIN_APPLY",
  "packages/cluster-nats/src/nats/bucket.ts": "told by WG_CLUSTER_LINK, or to a client as an ERROR of its REGISTER",
  "packages/cluster-nats/src/nats/nats-carrier.ts": "told by WG_CLUSTER_LINK",
  "packages/cluster-nats/src/nats/rights.ts": "told by WG_CLUSTER_LINK, or as a problem of WG_CONFIG_INVALID",
  "packages/cluster-nats/src/seal/sealed-arbiter.ts":
    "told by WG_CLUSTER_LINK, or to a client as an ERROR of its REGISTER",
  "packages/cluster/src/link/claims.ts": "told to a client as an ERROR of its REGISTER",
  "packages/cluster/src/link/content.ts": "breaks the pair of nodes, whose log line has it",
  "packages/cluster/src/link/head.ts": "drops the envelope, and the log line says so",
  "packages/cluster/src/link/held.ts": "caught beside it: what another program wrote is no claim",
  "packages/cluster/src/link/membership.ts": "told by WG_CLUSTER_LINK",
  "packages/cluster/src/link/spent.ts": "the cause of WG_CUT_OFF",
  "packages/cluster/src/memory/memory-carriers.ts": "for tests",
  "packages/cluster/src/process/process-carrier.ts": "told by WG_CLUSTER_LINK",
  "packages/core/src/auth/block-instance.ts": "told as problems of WG_CONFIG_INVALID",
  "packages/core/src/auth/secret-hash.ts": "told as problems of WG_CONFIG_INVALID",
  "packages/core/src/cli/workers/side.ts": "told in the log, and the worker is left out of the answer",
  "packages/core/src/errors/thrown.ts": "what a plugin has thrown, as the cause of another error",
  "packages/core/src/hooks/create-hook.ts": "what a tap has thrown that is no error, as the cause of WG_HOOK_FAILED",
  "packages/core/src/plugins/load-plugins.ts": "told as problems of WG_CONFIG_INVALID",
  "packages/core/src/plugins/start-component.ts": "told by WG_COMPONENT",
  "packages/core/src/router/log-values.ts": "how the log shows an error, with its code",
  "packages/core/src/router/plugin-routes.ts": "told by WG_PLUGIN_APPLY",
  "packages/core/src/serializers/cbor/read.ts": "a mistake of core: the bytes are checked before",
  "packages/core/src/serializers/json/read.ts": "a mistake of core: the bytes are checked before",
  "packages/core/src/serializers/json/value.ts": "what is wrong with an answer, for the log of who asked for it",
  "packages/core/src/transports/net/attached-server.ts": "told by WG_ROUTE_PLACE",
  "packages/core/src/transports/net/endpoint.ts": "told as problems of WG_CONFIG_INVALID",
  "packages/core/src/transports/net/http-routes.ts": "told by WG_ROUTE_PLACE",
  "packages/core/src/transports/net/listen.ts": "told by WG_LISTEN",
  "packages/core/src/wamp/circuit.ts": "in its example alone",
  "packages/core/src/wamp/room.ts": "in its example alone",
  "packages/metrics/src/index.ts": "told by WG_HOOK_FAILED of the hook starting",
  "packages/metrics/src/page.ts": "told by WG_HOOK_FAILED of the hook starting",
  "packages/store/src/bounded-store.ts": "told in the log; the login goes on without, or is denied",
  "packages/store/src/file-store.ts": "told as problems of WG_CONFIG_INVALID, or in the log",
  "packages/store/src/keyv-store.ts": "told as problems of WG_CONFIG_INVALID, or in the log",
};

it("every other error that core or an official plugin creates has a code", () => {
  const without = [...sources].filter(([, text]) => /new (?:Error|TypeError|RangeError)\(/.test(text));
  const files = without.map(([file]) => file).filter((file) => !file.startsWith("packages/plugin-testkit/"));
  expect(files.toSorted()).toEqual(Object.keys(WITHIN_OTHERS));
});

it("errors become messages in one file alone; the dealer and the link pass on those of callees", () => {
  const makers = [...sources].filter(([, text]) =>
    /(?:return |send\(|answer = )\{ type: "(?:ABORT|ERROR|GOODBYE)"/.test(text),
  );
  expect(makers.map(([file]) => file).toSorted()).toEqual([
    "packages/core/src/errors/wire.ts",
    "packages/core/src/realm/dealer/dealer.ts",
    "packages/core/src/realm/remote/remote-calls.ts",
    "packages/core/src/realm/remote/remote-node.ts",
  ]);
});
