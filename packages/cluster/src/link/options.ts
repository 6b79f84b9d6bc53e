import { z } from "@wampgate/core";

/** The settings that every kind of cluster has. */
export const linkOptions = {
  heartbeat: z
    .int()
    .min(10)
    .max(60_000)
    .default(500)
    .describe("how often a node tells the others that it is there, in milliseconds"),
  "dead-after": z
    .int()
    .min(50)
    .max(600_000)
    .default(3000)
    .describe("how long a node may say nothing before the others act as if it were gone, in milliseconds"),
  window: z
    .int()
    .min(65_536)
    .default(16 * 1024 * 1024)
    .describe(
      "how many bytes may be on their way to one other node; past that, events for it are dropped and new calls to it fail",
    ),
  "offline-second-factor": z
    .boolean()
    .default(false)
    .describe(
      "whether a node that cannot reach the others lets clients in by codes that count once, and by cookies: it does not know then what others have let in, and revoked",
    ),
  "prefer-local": z
    .boolean()
    .default(false)
    .describe("whether calls go first to callees of the caller's own node, where several share a procedure"),
  "unready-when-cut-off": z
    .boolean()
    .default(false)
    .describe("whether /readyz of a node that cannot reach the others says that clients should go elsewhere"),
} as const;

/** The settings of a link. */
export interface LinkOptions {
  readonly heartbeat: number;
  readonly "dead-after": number;
  /** Left out: a share for each other node of what a server between them should have to hold. */
  readonly window?: number | undefined;
  readonly "offline-second-factor": boolean;
  readonly "prefer-local": boolean;
  readonly "unready-when-cut-off": boolean;
}
