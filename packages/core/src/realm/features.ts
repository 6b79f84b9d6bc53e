/** What WELCOME announces: each feature listed here works (spec, advanced/features). */
export const ROUTER_ROLES = {
  broker: { features: { publisher_exclusion: true, publisher_identification: true } },
  dealer: { features: { call_canceling: true, caller_identification: true } },
} as const;
