import { json } from "../../serializers/json/codec.ts";
import { subprotocolsOf } from "../frames/subprotocols.ts";
import { transportDetails } from "./details.ts";

const [subprotocol] = subprotocolsOf(new Map([["json", json]])).values();

function addressOf(peer: string): string | null {
  if (subprotocol === undefined) throw new Error("JSON has no subprotocol");
  return transportDetails({ type: "websocket", carrier: "tcp", peer, subprotocol, headers: {} }).address;
}

it.each([
  ["tcp4:192.0.2.1:17185", "192.0.2.1"],
  ["tcp4:192.0.2.1:0", "192.0.2.1"],
  ["tcp6:::1:17185", "::1"],
  ["tcp6:2001:db8::1:443", "2001:db8::1"],
  ["unix", null],
  ["memory", null],
  ["somewhere else", null],
])("a client with the peer %s has the address %s", (peer, address) => {
  expect(addressOf(peer)).toBe(address);
});
