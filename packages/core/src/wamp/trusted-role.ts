/** The role of the router's own session: it may do everything and is always disclosed. No config can name it. */
export const TRUSTED_ROLE = "trusted";
