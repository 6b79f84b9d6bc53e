import { type Dict, isEmpty } from "../../wamp/payload.ts";
import type { Member } from "../member.ts";
import { passthruOf, requireNoEncAlgo } from "../passthru.ts";
import { readBoolean } from "../read-options.ts";
import { type Audience, audienceOf } from "./audience.ts";

/** What PUBLISH.Options ask for (spec, basic/pubsub and advanced/pubsub_*). */
export interface PublishOptions {
  /** Whether the publisher gets an answer. */
  readonly acknowledge: boolean;
  /** Whether the publisher wants to be disclosed to the receivers (advanced/pubsub_publisher_identification). */
  readonly discloseMe: boolean;
  /**
   * Whether the publisher does not get its own event, even if it subscribes to the topic
   * (advanced/pubsub_publisher_exclusion).
   */
  readonly excludeMe: boolean;
  /** Whether the event is kept for later subscribers (advanced/pubsub_event_retention). */
  readonly retain: boolean;
  /** Who may get it; null: all sessions. */
  readonly audience: Audience | null;
  /** Attributes of a payload that the router passes through unread; null for an ordinary payload. */
  readonly passthru: Readonly<Dict> | null;
}

const NONE: PublishOptions = {
  acknowledge: false,
  discloseMe: false,
  excludeMe: true,
  retain: false,
  audience: null,
  passthru: null,
};

/**
 * Reads the options of PUBLISH.
 * @throws WampError a protocol violation for an option of a wrong type, or of a feature that was not announced;
 * `wamp.error.feature_not_supported` for `enc_algo`
 */
export function readPublishOptions(options: Readonly<Dict>, publisher: Member): PublishOptions {
  if (isEmpty(options)) return NONE;
  requireNoEncAlgo(options);
  return {
    acknowledge: readBoolean(options, "acknowledge", NONE.acknowledge),
    discloseMe: readBoolean(options, "disclose_me", NONE.discloseMe),
    excludeMe: readBoolean(options, "exclude_me", NONE.excludeMe),
    retain: readBoolean(options, "retain", NONE.retain),
    audience: audienceOf(options),
    passthru: passthruOf(options, publisher, "publisher"),
  };
}

/** Whether a refused PUBLISH is answered with ERROR: only if its publisher asked for an answer (spec, basic/pubsub). */
export function isAcknowledged(options: Readonly<Dict>): boolean {
  return options["acknowledge"] === true;
}
