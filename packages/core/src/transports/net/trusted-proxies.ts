import { BlockList, isIP } from "node:net";
import { z } from "zod";
import { canonical } from "./proxy-header.ts";

/** An address (`192.0.2.1`), or a network (`10.0.0.0/8`, `2001:db8::/32`). */
const network = z.string().refine((text) => addTo(new BlockList(), text), {
  error: "expected an IP address, or a network as 10.0.0.0/8 or 2001:db8::/32",
});

export const trustedProxiesSchema = z.array(network);

/** The proxies in front of a listener that are trusted to name the client's address. */
export class TrustedProxies {
  readonly #list = new BlockList();
  /** Most listeners trust no proxy, and need not look for one. */
  readonly isEmpty: boolean;

  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0;
    for (const text of networks) addTo(this.#list, text);
  }

  has(address: string): boolean {
    return !this.isEmpty && this.#list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }

  /**
   * The client behind `address`, by `X-Forwarded-For`. Each proxy adds its own client at the right, so it is read from
   * the right, as long as the writers are trusted. A value that is not an address is ignored, and so are all before it.
   */
  clientOf(address: string, forwardedFor: string): string {
    return this.#walk(address, forwardedFor).client;
  }

  /**
   * The host that the client behind `address` asked for, by `X-Forwarded-Host`; null if no trusted proxy wrote it. Each
   * proxy may add at the right the host that it was asked for: the value of the outermost trusted proxy counts. If not
   * all of them wrote one, it is the left-most value.
   *
   * @param forwardedFor `X-Forwarded-For`, which shows how many trusted proxies the request went through
   */
  hostOf(address: string, forwardedHost: string, forwardedFor: string): string | null {
    return this.#outermost(address, forwardedHost, forwardedFor);
  }

  /** The protocol that the client behind `address` used, by `X-Forwarded-Proto`. It is read like the host. */
  protocolOf(address: string, forwardedProto: string, forwardedFor: string): string | null {
    return this.#outermost(address, forwardedProto, forwardedFor);
  }

  /** What the outermost trusted proxy wrote into a list. */
  #outermost(address: string, list: string, forwardedFor: string): string | null {
    const { trusted } = this.#walk(address, forwardedFor);
    if (trusted === 0) return null;
    const values = list.split(",");
    const value = (values[Math.max(0, values.length - trusted)] ?? "").trim();
    return value === "" ? null : value;
  }

  /** Goes from proxy to proxy, as long as they are trusted. `trusted`: how many there were. */
  #walk(address: string, forwardedFor: string): { client: string; trusted: number } {
    let client = address;
    let trusted = 0;
    for (const hop of forwardedFor.split(",").reverse()) {
      if (!this.has(client)) break;
      trusted++;
      const next = addressIn(hop.trim());
      if (next === null) break;
      client = next;
    }
    return { client, trusted };
  }
}

/** Some proxies write the port too: `192.0.2.1:17185`, `[2001:db8::1]:17185`. */
function addressIn(hop: string): string | null {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|([^:]*):\d+)$/.exec(hop) ?? [];
  const address = bracketed ?? plain ?? hop;
  return isIP(address) === 0 || address.includes("%") ? null : canonical(address);
}

function addTo(list: BlockList, text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false;
  if (bits !== undefined && Number(bits) > (family === "ipv6" ? 128 : 32)) return false;
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
  return true;
}
