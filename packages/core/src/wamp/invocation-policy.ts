/** How a shared registration chooses a callee (spec, advanced/rpc_shared_registration). */
export const INVOCATION_POLICIES = ["single", "first", "last", "random", "roundrobin"] as const;

/** Which of several callees gets a call. */
export type InvocationPolicy = (typeof INVOCATION_POLICIES)[number];
