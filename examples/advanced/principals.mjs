// Who may log in, and what they get. The router calls the authenticator at each login.
const PRINCIPALS = new Map([
  ["user1", { ticket: "123secret", realm: "realm-user1" }],
  ["user2", { ticket: "456secret", realm: "realm-user2" }],
]);

/**
 * @param realm the realm that the client asked for, or null
 * @param authid the authid that it gave, or null
 * @param details all that is known about the client; for the method ticket also its `ticket`
 * @param fail makes the error that becomes the client's ABORT
 */
export function authenticate(realm, authid, details, fail) {
  const principal = PRINCIPALS.get(authid);
  if (principal === undefined) throw fail("com.example.no_such_user", `there is no user ${authid}`);
  if (details.ticket !== principal.ticket) throw fail("com.example.invalid_ticket", `wrong ticket for ${authid}`);
  // The URI is spelt as in Crossbar's example.
  if (realm !== null && realm !== principal.realm)
    throw fail("com.example_invalid_realm", `not the realm of ${authid}`);
  return { realm: principal.realm, role: "user", extra: { "my-custom-welcome-data": [1, 2, 3] } };
}
