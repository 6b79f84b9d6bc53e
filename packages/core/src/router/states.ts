/** What a router is doing. It goes through these in order, and may be closed from each. */
export type RouterState = "made" | "starting" | "running" | "draining" | "closed";

/** Why a router does not start. */
export const NO_START = {
  starting: "start() was called already, and the router is starting",
  running: "the router runs already; it starts once",
  draining: "the router is stopping; make a new one with createRouter()",
  closed: "the router is closed, and does not start again; make a new one with createRouter()",
} as const;
