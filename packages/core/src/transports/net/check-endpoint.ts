import { createPrivateKey, X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { access, constants, lstat, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname, resolve } from "node:path";
import type { ListenEndpoint, TlsFiles } from "../../contract/endpoint.ts";
import { Deadline, untilAborted } from "../../wamp/deadline.ts";

/** What would keep an endpoint from listening. */
export interface EndpointProblem {
  /** The keys of the endpoint that lead to it. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Whether the start may succeed all the same, as it depends on the network or the time. */
  readonly isWarning?: true;
}

/** How long the look-up of a host may take, in milliseconds. */
const LOOKUP_TIME = 3000;

/** The longest path of a Unix domain socket, in bytes: `sun_path` of Linux, less its end; macOS has four less. */
const LONGEST_PATH = 107;

/**
 * Looks for what would keep an endpoint from listening, without listening.
 * @param folder the folder of its files
 * @param ask whether to look up the host's name, which may ask a server
 */
export async function endpointProblems(
  endpoint: ListenEndpoint,
  folder: string,
  ask: boolean,
): Promise<EndpointProblem[]> {
  if (endpoint.type === "unix") return socketProblems(endpoint.path);
  const { tls, host } = endpoint;
  return [...(await hostProblems(host, ask)), ...(tls === undefined ? [] : await tlsProblems(tls, folder))];
}

async function socketProblems(path: string): Promise<EndpointProblem[]> {
  const problem = (message: string): EndpointProblem[] => [{ path: ["path"], message }];
  if (Buffer.byteLength(path) > LONGEST_PATH)
    return problem(`the path of a socket may have ${LONGEST_PATH} bytes; choose a shorter one`);
  const folder = dirname(resolve(path));
  const found = await lstat(folder).catch(() => null);
  if (found === null) return problem(`the folder ${folder} does not exist; make it, or choose another path`);
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) return problem(`this user may not write to the folder ${folder}`);
  const there = await lstat(path).catch(() => null);
  return there === null || there.isSocket()
    ? []
    : problem("a file of this name exists, and it is not a socket; choose another path");
}

async function hostProblems(host: string, ask: boolean): Promise<EndpointProblem[]> {
  const warning = (message: string): EndpointProblem[] => [{ path: ["host"], message, isWarning: true }];
  if (host === "0.0.0.0" || host === "::") return [];
  if (isIP(host) === 0 && !ask) return [];
  const limit = new Deadline(LOOKUP_TIME);
  try {
    const address = isIP(host) === 0 ? (await untilAborted(lookup(host), limit.signal)).address : host;
    const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
    const isOwn = own.includes(address.replace(/%.*$/, "")) || /^127\.|^::1$/.test(address);
    return isOwn ? [] : warning(`this machine has no address ${address} now, so that it cannot listen there`);
  } catch {
    return warning("this host name cannot be resolved now; correct it, or give an address");
  } finally {
    limit.end();
  }
}

type Named = readonly [path: readonly (string | number)[], name: string];

async function tlsProblems(tls: TlsFiles, folder: string): Promise<EndpointProblem[]> {
  const { "chain-certificates": chain, "ca-certificates": authorities = [] } = tls;
  const certificates: Named[] = [
    [["certificate"], tls.certificate],
    ...chain.map((name, i): Named => [["chain-certificates", i], name]),
    ...authorities.map((name, i): Named => [["ca-certificates", i], name]),
  ];
  const key = await read(["key"], tls.key, folder, privateKey);
  const parsed = await Promise.all(
    certificates.map(([path, name]) => read(path, name, folder, (pem) => new X509Certificate(pem))),
  );
  const problems = [key, ...parsed].flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const own = parsed[0]?.value;
  if (own === undefined) return problems;
  if (key.value !== undefined && !own.checkPrivateKey(key.value))
    problems.push({
      path: ["tls", "key"],
      message: `the key ${tls.key} does not belong to the certificate ${tls.certificate}`,
    });
  if (Date.parse(own.validTo) < Date.now())
    problems.push({
      path: ["tls", "certificate"],
      message: `the certificate has expired on ${own.validTo}`,
      isWarning: true,
    });
  return problems;
}

interface Read<T> {
  readonly value?: T;
  readonly problem?: EndpointProblem;
}

/** Reads a file of TLS. Its text goes nowhere. */
async function read<T>(path: Named[0], name: string, folder: string, parse: (pem: Buffer) => T): Promise<Read<T>> {
  const file = resolve(folder, name);
  const problem = (message: string): Read<T> => ({ problem: { path: ["tls", ...path], message } });
  let pem: Buffer;
  try {
    pem = await readFile(file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return problem(`the file ${file} cannot be read: ${REASONS[code] ?? code}`);
  }
  try {
    return { value: parse(pem) };
  } catch (error) {
    if (error instanceof EncryptedKey)
      return problem(`the key ${file} is encrypted; keys with a passphrase are not supported`);
    return problem(`the file ${file} holds no ${path[0] === "key" ? "private key" : "certificate"} in PEM`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EISDIR: "it is a folder",
};

class EncryptedKey extends Error {
  override readonly name = "EncryptedKey";
}

function privateKey(pem: Buffer): ReturnType<typeof createPrivateKey> {
  if (pem.includes("ENCRYPTED")) throw new EncryptedKey();
  return createPrivateKey(pem);
}
