import { MOVES, type Step } from "./steps.ts";

/**
 * Sequences that once showed a mistake, by what they showed: they run each time. Write one here as the failing test prints
 * it.
 */
export const FOUND: Readonly<Record<string, readonly Step[]>> = {
  "a callee is interrupted once, however often its caller cancels": [
    (world) => MOVES.register(world, 0, "com.p", "single"),
    (world) => MOVES.call(world, 1, "com.p"),
    (world) => MOVES.cancel(world, 0, "kill"),
    (world) => MOVES.cancel(world, 0, "kill"),
    (world) => MOVES.cancel(world, 0, "killnowait"),
  ],
  "who joins and leaves a shared registration changes whose turn it is for no other caller": [
    (world) => MOVES.register(world, 0, "com.p", "roundrobin"),
    (world) => MOVES.register(world, 1, "com.p", "roundrobin"),
    (world) => MOVES.call(world, 2, "com.p"),
    (world) => MOVES.register(world, 2, "com.p", "roundrobin"),
    (world) => MOVES.leave(world, 0, false),
    (world) => MOVES.call(world, 2, "com.p"),
    (world) => MOVES.call(world, 1, "com.p"),
  ],
};
