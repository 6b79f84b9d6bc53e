import { TurnBudget } from "../../wamp/turn-budget.ts";

/** How long one turn of the event loop may spend on the sessions of closed connections, in milliseconds. */
const TIME = 10;

/**
 * Ends the sessions whose connections are closed. libuv tells of all sockets that have closed in one turn, one after the
 * other: ten thousand of them once stopped the process for half a second. All routers of a process share its event loop.
 */
export const endings = new TurnBudget(TIME);
