import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { folderOf } from "../../jest/folder.ts";

const PATH = "/usr/bin/chromium";

/** Whether CI has installed the browser, and demands it. */
const isDemanded = process.env["WAMPGATE_BROWSER"] === "chromium";

/** Why no browser can be had here; null if one can. */
export const noBrowser: string | null =
  isDemanded || (existsSync(PATH) && spawnSync(PATH, ["--version"]).status === 0)
    ? null
    : `${PATH} is not installed here; CI installs it and sets WAMPGATE_BROWSER=chromium`;

/** All names of these domains are this machine, and any certificate is good: no name or page outside is asked for. */
const ARGS = [
  "--host-resolver-rules=MAP * 127.0.0.1",
  "--ignore-certificate-errors",
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
];

/** Cookies of other sites, which Debian's Chromium blocks by default. */
const PREFERENCES = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } };

/** A browser with a profile of its own, which holds nothing. It takes and sends cookies of other sites, as many do. */
export async function openBrowser(): Promise<BrowserContext> {
  const profile = await folderOf({ "Default/Preferences": JSON.stringify(PREFERENCES) });
  return chromium.launchPersistentContext(profile, {
    executablePath: PATH,
    headless: true,
    args: ARGS,
    ignoreHTTPSErrors: true,
  });
}

/** What a page has got: the last message, and that one's code. */
export interface Answer {
  readonly code: number;
  /** WELCOME's details, the method of CHALLENGE, or ABORT's reason. */
  readonly what: unknown;
}

/** What a page of this test can do. */
declare global {
  var client: {
    connect(url: string, authmethods: readonly string[], ticket: string): Promise<Answer>;
    logout(): Promise<void>;
    goodbye(): Promise<string>;
  };
}

/** The page, with a client that speaks as much WAMP as a login takes. */
export const PAGE = `<!doctype html><title>a page</title><script>
globalThis.client = (() => {
  let socket;
  const come = [];
  const waiting = [];
  const next = () => new Promise((resolve) => (come.length > 0 ? resolve(come.shift()) : waiting.push(resolve)));
  const send = (message) => socket.send(JSON.stringify(message));
  const got = (message) => (waiting.length > 0 ? waiting.shift()(message) : come.push(message));
  return {
    async connect(url, authmethods, ticket) {
      socket = new WebSocket(url, "wamp.2.json");
      socket.onmessage = ({ data }) => got(JSON.parse(data));
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error("no connection"));
      });
      const roles = { caller: {}, subscriber: {} };
      send([1, "realm1", { roles, authmethods, ...(ticket === "" ? {} : { authid: "joe" }) }]);
      let message = await next();
      if (message[0] === 4 && ticket !== "") {
        send([5, ticket, {}]);
        message = await next();
      }
      return { code: message[0], what: message[0] === 4 ? message[1] : message[2] };
    },
    async logout() {
      const closed = new Promise((resolve) => (socket.onclose = resolve));
      send([6, {}, "wamp.close.logout"]);
      await closed;
    },
    async goodbye() {
      return (await next())[2];
    },
  };
})();
</script>`;

/** Connects as a script of the page does. @param ticket what it answers CHALLENGE with; "": it says nothing more */
export function connectIn(page: Page, url: string, authmethods: readonly string[], ticket = ""): Promise<Answer> {
  return page.evaluate(([to, methods, secret]) => globalThis.client.connect(to, methods, secret), [
    url,
    authmethods,
    ticket,
  ] as const);
}
