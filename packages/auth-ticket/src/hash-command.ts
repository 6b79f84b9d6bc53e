import { defineCommand, hashSecret } from "@wampgate/core";

/** Prints what a principal may have as `ticket-hash` instead of its ticket. */
export const hashTicket = defineCommand({
  name: "hash-ticket",
  description: "hash a ticket for the config; it is typed, or read from stdin",
  run: async ({ readSecret, print }) => print(await hashSecret(await readSecret("Ticket"))),
});
