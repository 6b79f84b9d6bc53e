import { cbor } from "../serializers/cbor/codec.ts";
import { json } from "../serializers/json/codec.ts";
import { msgpack } from "../serializers/msgpack/codec.ts";
import { memory } from "../transports/memory/memory.ts";
import { rawsocket } from "../transports/rawsocket/rawsocket.ts";
import { websocket } from "../transports/websocket/websocket.ts";

/** Core's own transports and serializers; plugins add more. */
export const BUILTIN = { transports: [websocket, rawsocket, memory], serializers: [json, msgpack, cbor] } as const;

/** What a config can name without plugins. */
export const NAMED = {
  transports: BUILTIN.transports,
  serializers: BUILTIN.serializers.map(({ name }) => name),
} as const;
