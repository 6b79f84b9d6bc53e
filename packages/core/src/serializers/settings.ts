import { z } from "zod";
import { bytes, limit } from "../settings/metadata.ts";

const ABORTED = "ABORT `wamp.error.protocol_violation`, and the end of the connection";

/** The settings of an entry of `transports` on the size of messages, for every type. */
export const messageSettings = z.object({
  "max-hello-size": bytes(1024, 0x7fff_ffff) // HELLO alone has more than 500 with all its features
    .default(65_536)
    .describe(
      "bytes that a client may send before it has logged in: this many for HELLO, and as many again for each CHALLENGE that it answers. All bytes of a WebSocket or RawSocket count; of other transports those of messages. Raise it if clients send a large `authextra` or ticket",
    )
    .meta(limit(ABORTED)),
  "max-depth": z
    .int()
    .min(8) // HELLO's own take four
    .max(100)
    .default(100)
    .describe("maximum nesting depth of a message's lists and dictionaries")
    .meta(limit(ABORTED)),
  "max-values": z
    .int()
    .min(100) // HELLO's own, with all features there are, take fewer than 60
    .default(100_000)
    .describe(
      "how many values one message may hold: all members of its lists and dictionaries, those of the message's own list too, keys not counted. They are counted before anything is made of them, since a frame can become a hundred times as much memory",
    )
    .meta(limit(ABORTED)),
});

export type MessageSettings = z.output<typeof messageSettings>;
