import { Code, credential, definePlugin, defineStrategy, z } from "@wampgate/core";
import { startTestRouter } from "@wampgate/plugin-testkit";
import ticket from "./index.ts";

/** A strategy that gives the ticket instead of checking it. */
const book = definePlugin({
  name: "wampgate-book",
  core: "*",
  strategies: [
    defineStrategy({
      type: "book",
      block: z.strictObject({}),
      resolve: () => credential({ ticket: "a secret ticket" }, { role: "user" }),
    }),
  ],
});

it.each([
  ["a secret ticket", Code.WELCOME],
  ["another ticket", Code.ABORT],
])("a ticket that a strategy gives is compared with %s", async (shown, answer) => {
  const { connect, close } = await startTestRouter({ plugins: [ticket, book], auth: { ticket: { type: "book" } } });
  const client = connect();
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(shown);
  await client.expect(answer);
  await close();
});
