import { isIPv6 } from "node:net";

/** The length of `tcp4:`. */
const FAMILY = 5;

/**
 * The address in a peer, as written there; null if the peer has none.
 *
 * @param peer `transport.peer`: `tcp4:192.0.2.1:17185`, `tcp6:2001:db8::1:17185`
 */
export function addressIn(peer: string): string | null {
  // Without a regular expression: this runs several times for each login.
  if (!peer.startsWith("tcp4:") && !peer.startsWith("tcp6:")) return null;
  const end = peer.lastIndexOf(":");
  return end > FAMILY ? peer.slice(FAMILY, end) : null;
}

/**
 * The address by which a peer is counted: an IPv4 address, or an IPv6 network of 64 bits, because one internet
 * subscriber gets that many. Null if the peer has none.
 *
 * @param peer `transport.peer`: `tcp4:192.0.2.1:17185`, `tcp6:2001:db8::1:17185`
 */
export function addressOf(peer: string): string | null {
  const address = addressIn(peer);
  if (address === null) return null;
  return address.includes(":") && isIPv6(address) ? networkOf(address) : address;
}

function networkOf(address: string): string {
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  // An IPv4 address at the end counts as two groups.
  const length = after.length + (after.at(-1)?.includes(".") === true ? 1 : 0);
  const zeros = tail === undefined ? 0 : 8 - groups.length - length;
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill("0"), ...after];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
