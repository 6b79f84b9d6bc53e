/** The features that WELCOME announces. All of them work (spec, advanced/features). */
export const ROUTER_ROLES = Object.freeze({
  broker: {
    features: {
      event_history: true,
      event_retention: true,
      pattern_based_subscription: true,
      payload_passthru_mode: true,
      publication_trustlevels: true,
      publisher_exclusion: true,
      publisher_identification: true,
      session_meta_api: true,
      subscriber_blackwhite_listing: true,
      subscription_meta_api: true,
      subscription_revocation: true,
    },
  },
  dealer: {
    features: {
      call_canceling: true,
      call_timeout: true,
      call_trustlevels: true,
      caller_identification: true,
      pattern_based_registration: true,
      payload_passthru_mode: true,
      progressive_call_invocations: true,
      progressive_call_results: true,
      registration_meta_api: true,
      registration_revocation: true,
      session_meta_api: true,
      shared_registration: true,
      testament_meta_api: true,
    },
  },
} as const);
