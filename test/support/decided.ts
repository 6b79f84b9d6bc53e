import type { Refused } from "./autobahn.ts";

/** A realm whose roles may do everything: what counts is who gets which. */
export const USERS_AND_GUESTS = {
  name: "realm1",
  roles: [
    { name: "user", "allow-by-default": true },
    { name: "guest", "allow-by-default": true },
  ],
};

/** How a client is refused for its proof, or because there is no such authid. */
export const DENIED = {
  reason: "wamp.error.authentication_denied",
  text: "the authentication was denied: unknown authid or wrong proof",
};

/** How it is refused if who should know did not say. */
export const FAILED = {
  reason: "wamp.error.authentication_failed",
  text: "the login could not be decided; the router's log says why",
};

/** With what a login is refused. @throws Error if it is not */
export async function refusalOf(login: Promise<unknown>): Promise<{ reason: string; text: string | undefined }> {
  try {
    await login;
  } catch (error) {
    const { reason, text } = error as Refused;
    return { reason, text };
  }
  throw new Error("it was let in");
}
