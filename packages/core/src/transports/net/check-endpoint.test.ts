import { chmod } from "node:fs/promises";
import { join } from "node:path";
import selfsigned from "selfsigned";
import { folderOf } from "../../../../../jest/folder.ts";
import type { TlsFiles } from "../../contract/endpoint.ts";
import { type EndpointProblem, endpointProblems } from "./check-endpoint.ts";

let folder: string;

beforeAll(async () => {
  const make = (options: object = {}) =>
    selfsigned.generate([{ name: "commonName", value: "localhost" }], { keySize: 2048, ...options });
  const [own, other] = [await make(), await make()];
  const old = await make({ notBeforeDate: new Date("2020-01-01"), notAfterDate: new Date("2020-02-01") });
  folder = await folderOf({
    "key.pem": own.private,
    "cert.pem": own.cert,
    "other-key.pem": other.private,
    "old-key.pem": old.private,
    "old-cert.pem": old.cert,
    "text.pem": "no PEM at all",
    "encrypted.pem": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
  });
});

const withTls = (tls: Partial<TlsFiles>): Promise<EndpointProblem[]> =>
  endpointProblems(
    {
      type: "tcp",
      host: "127.0.0.1",
      port: 0,
      tls: { key: "key.pem", certificate: "cert.pem", "chain-certificates": [], ...tls },
    },
    folder,
    false,
  );

it("files of TLS that fit each other are fine", async () => {
  expect(await withTls({ "chain-certificates": ["cert.pem"], "ca-certificates": ["cert.pem"] })).toEqual([]);
});

it.each<[string, Partial<TlsFiles>, (string | number)[], RegExp]>([
  [
    "a key that is not there",
    { key: "none.pem" },
    ["tls", "key"],
    /^the file .*none\.pem cannot be read: there is no such file$/,
  ],
  ["a folder", { certificate: "." }, ["tls", "certificate"], /cannot be read: it is a folder$/],
  ["a key that is none", { key: "text.pem" }, ["tls", "key"], /text\.pem holds no private key in PEM$/],
  [
    "a key with a passphrase",
    { key: "encrypted.pem" },
    ["tls", "key"],
    /is encrypted; keys with a passphrase are not supported$/,
  ],
  ["a certificate that is none", { certificate: "key.pem" }, ["tls", "certificate"], /holds no certificate in PEM$/],
  [
    "a link of the chain",
    { "chain-certificates": ["cert.pem", "none.pem"] },
    ["tls", "chain-certificates", 1],
    /no such file$/,
  ],
  ["an authority", { "ca-certificates": ["text.pem"] }, ["tls", "ca-certificates", 0], /holds no certificate in PEM$/],
  [
    "another key",
    { key: "other-key.pem" },
    ["tls", "key"],
    /^the key other-key\.pem does not belong to the certificate cert\.pem$/,
  ],
])("%s is told with its place", async (_what, tls, path, message) => {
  expect(await withTls(tls)).toEqual([{ path, message: expect.stringMatching(message) as string }]);
});

it("all that is wrong is told at once, and a certificate that has expired is a warning", async () => {
  expect(await withTls({ key: "none.pem", certificate: "none.pem" })).toHaveLength(2);
  expect(await withTls({ key: "old-key.pem", certificate: "old-cert.pem" })).toEqual([
    {
      path: ["tls", "certificate"],
      message: expect.stringMatching(/has expired on .*2020/) as string,
      isWarning: true,
    },
  ]);
});

it.each([["127.0.0.1"], ["0.0.0.0"], ["::"], ["localhost"]])("%s is an address to listen on", async (host) => {
  expect(await endpointProblems({ type: "tcp", host, port: 0 }, folder, true)).toEqual([]);
});

it("the name of a host is looked up only where that is asked for", async () => {
  const endpoint = { type: "tcp", host: "no-such-host.invalid", port: 0 } as const;
  expect(await endpointProblems(endpoint, folder, false)).toEqual([]);
});

it.each([
  ["no-such-host.invalid", /cannot be resolved/],
  ["192.0.2.1", /this machine has no address 192\.0\.2\.1 now/],
])("%s is a warning", async (host, message) => {
  expect(await endpointProblems({ type: "tcp", host, port: 0 }, folder, true)).toEqual([
    { path: ["host"], message: expect.stringMatching(message) as string, isWarning: true },
  ]);
});

describe("a socket", () => {
  const problemsOf = (path: string): Promise<EndpointProblem[]> =>
    endpointProblems({ type: "unix", path }, folder, false);

  it("may be in a folder that is there", async () => {
    expect(await problemsOf(join(folder, "router.sock"))).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["in a folder that is missing", "none/router.sock", /^the folder .*none does not exist; make it/],
    ["where a file is", "key.pem", /a file of this name exists, and it is not a socket/],
    ["with a path that is too long", "a".repeat(108), /the path of a socket may have 107 bytes/],
  ])("%s is a problem", async (_what, name, message) => {
    expect(await problemsOf(join(folder, name))).toEqual([
      { path: ["path"], message: expect.stringMatching(message) as string },
    ]);
  });

  it("in a folder of others is a problem, but for root", async () => {
    const closed = await folderOf({});
    await chmod(closed, 0o500);
    const found = await problemsOf(join(closed, "router.sock"));
    if (process.getuid?.() === 0) expect(found).toEqual([]);
    else
      expect(found).toEqual([
        { path: ["path"], message: expect.stringMatching(/may not write to the folder/) as string },
      ]);
  });
});
