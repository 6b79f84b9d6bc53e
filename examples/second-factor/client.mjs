import { login, show } from "../login.mjs";
import { codeOf, slotAt } from "../totp/totp.mjs";

const { MYTICKET, MYSEED } = process.env;
// The slot before this one counts too, so that two codes are at hand.
const slot = slotAt(Date.now());
const [older, code] = [codeOf(MYSEED, slot - 1), codeOf(MYSEED, slot)];
const wrong = "000000";

/** Answers each challenge by its method, and says which ones came. */
async function joinedBy(authid, proofs) {
  const asked = [];
  const onchallenge = (_session, method) => {
    asked.push(method);
    return proofs[method];
  };
  const options = { authid, realm: "realm1", authmethods: ["ticket"], onchallenge };
  const outcome = await login(options).then(
    ({ details, close }) => {
      close();
      return `joined by ${details.authfactors.join(" and ")}`;
    },
    ({ reason }) => `refused, ${reason}`,
  );
  return `asked for ${asked.join(", ")}: ${outcome}`;
}

const DENIED = "asked for ticket, totp: refused, wamp.error.authentication_denied";

await show("joe, with password and code", "asked for ticket, totp: joined by ticket and totp", () =>
  joinedBy("joe", { ticket: MYTICKET, totp: older }),
);
await show("joe, with that code again", DENIED, () => joinedBy("joe", { ticket: MYTICKET, totp: older }));
await show("joe, with a wrong password and the right code", DENIED, () => joinedBy("joe", { ticket: "x", totp: code }));
await show("joe, with a wrong code", DENIED, () => joinedBy("joe", { ticket: MYTICKET, totp: wrong }));
await show("an unknown client", DENIED, () => joinedBy("nobody", { ticket: MYTICKET, totp: code }));
await show("joe, with the code that was not used up", "asked for ticket, totp: joined by ticket and totp", () =>
  joinedBy("joe", { ticket: MYTICKET, totp: code }),
);
