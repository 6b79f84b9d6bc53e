import { BlockList, isIP } from "node:net";
import { z } from "zod";
import { canonical } from "./proxy-header.ts";

/** An address (`192.0.2.1`), or a network (`10.0.0.0/8`, `2001:db8::/32`). */
const network = z.string().refine((text) => addTo(new BlockList(), text), {
  error: "expected an IP address, or a network as 10.0.0.0/8 or 2001:db8::/32",
});

export const trustedProxiesSchema = z.array(network);

/** The proxies in front of a listener whose word about the client's address is taken. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    for (const text of networks) addTo(this.#list, text);
  }

  has(address: string): boolean {
    // Most listeners trust nobody, and each look into the list has its price.
    return !this.#isEmpty && this.#list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }

  /**
   * The client behind `address`, by `X-Forwarded-For`: each proxy adds to its right whom it was called by, so it is read
   * from there for as long as those who wrote it are trusted. What is no address is not believed, nor what stands before.
   */
  clientOf(address: string, forwardedFor: string): string {
    let client = address;
    for (const hop of forwardedFor.split(",").reverse()) {
      if (!this.has(client)) break;
      const next = addressIn(hop.trim());
      if (next === null) break;
      client = next;
    }
    return client;
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
