import { definePlugin } from "@wampgate/core";
import { knock } from "./knock.mjs";
import { guestList } from "./guest-list.mjs";

export default definePlugin({
  name: "wampgate-auth-doorbell",
  core: "^0.2.0",
  methods: [knock],
  strategies: [guestList],
});
