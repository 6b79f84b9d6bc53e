import { generateKeyPairSync } from "node:crypto";
import { defineCommand } from "@wampgate/core";

const ADVICE = `The client keeps private-key, and no one else has it. The config has public-key:

  auth:
    cryptosign:
      type: static
      principals:
        joe: { authorized_keys: [PUBLIC-KEY], role: user }

For the router's own key, with which it proves to clients who it is, make another pair. Put private-key into a file that
only the router can read, and name it in the config. Clients compare public-key with what they get.

  plugins: [["@wampgate/auth-cryptosign", { router-key: "\${file:router.key}" }]]`;

/** Makes a pair of keys, and says where each one belongs. */
export const keygen = defineCommand({
  name: "keygen",
  description: "make a pair of Ed25519 keys for the method cryptosign",
  run({ print, note }) {
    const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
    const hex = (text: string): string => Buffer.from(text, "base64url").toString("hex");
    print(JSON.stringify({ "private-key": hex(d), "public-key": hex(x) }, null, 2));
    note(ADVICE.replace("PUBLIC-KEY", `"${hex(x)}"`));
  },
});
