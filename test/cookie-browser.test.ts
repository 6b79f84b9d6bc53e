import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { jest } from "@jest/globals";
import type { BrowserContext, Page } from "playwright-core";
import { connectIn, noBrowser, openBrowser, PAGE } from "./support/browser.ts";
import { makeTls } from "./support/certificate.ts";
import { makeRouter, type RunningRouter } from "./support/router.ts";

// Cookies in a real browser: which of them it sends, keeps and hides, for pages of the router's own origin, of others of the
// same site, and of another site.

const describeBrowser = noBrowser === null ? describe : describe.skip;

jest.setTimeout(60_000);

const METHODS = ["cookie", "ticket"];
const WELCOME = 2;
const CHALLENGE = 4;

describeBrowser(`a browser${noBrowser === null ? "" : ` (skipped: ${noBrowser})`}`, () => {
  let context: BrowserContext;
  let server: Server;
  let running: RunningRouter;
  /** The cookies that came with the last request to upgrade. */
  let sent: string | undefined;
  /** All hosts are this machine, and the port is the same: an origin is its host. */
  let port: number;

  beforeAll(async () => {
    context = await openBrowser();
    const { key, certificate } = await makeTls();
    server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (_request, response) => {
      response.setHeader("content-type", "text/html").end(PAGE);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    for (const page of context.pages().slice(1)) await page.close();
    await context.clearCookies();
    await running.close();
  });
  afterAll(async () => {
    await context.close();
    server.close();
    server.closeAllConnections();
  });

  async function start(cookie: object = {}, allowed?: readonly string[]): Promise<void> {
    const { router, log } = await makeRouter(
      {
        realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
        transports: [
          {
            type: "websocket",
            endpoint: { type: "server", name: "main" },
            auth: { cookie, ticket: { type: "static", principals: { joe: { ticket: "right", role: "user" } } } },
            ...(allowed === undefined ? {} : { "allowed-origins": allowed }),
          },
        ],
      },
      { servers: { main: server } },
    );
    router.hooks.upgrade.tap({ name: "witness", stage: -1 }, ({ headers }) => {
      sent = headers["cookie"];
      return undefined;
    });
    await router.start();
    running = { router, log, url: "", close: () => router.close() };
  }

  const ROUTER = "router.example.com";
  const originOf = (host: string): string => `https://${host}:${port}`;
  const url = (): string => `wss://${ROUTER}:${port}/ws`;

  async function pageOf(host: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(originOf(host));
    return page;
  }

  const login = (page: Page): ReturnType<typeof connectIn> => connectIn(page, url(), METHODS, "right");
  const connect = (page: Page): ReturnType<typeof connectIn> => connectIn(page, url(), METHODS);

  it("keeps the cookie, hides it from the page, and is let in by it when the page is loaded again", async () => {
    await start();
    const page = await pageOf(ROUTER);
    expect(await login(page)).toMatchObject({ code: WELCOME, what: { authprovider: "static" } });
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: "cbtid", path: "/ws", httpOnly: true, secure: true, sameSite: "Lax" });
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.reload();
    expect(await connect(page)).toMatchObject({ code: WELCOME, what: { authid: "joe", authprovider: "cookie" } });
  });

  it("takes a cookie of the router's host alone, and is let in by it", async () => {
    await start({ name: "__Host-id" });
    const page = await pageOf(ROUTER);
    await login(page);
    expect(await context.cookies()).toMatchObject([{ name: "__Host-id", path: "/", domain: ROUTER }]);
    expect(await connect(await pageOf(ROUTER))).toMatchObject({ code: WELCOME });
  });

  it("is logged out in all its windows when one of them logs out", async () => {
    await start();
    const [one, two] = [await pageOf(ROUTER), await pageOf(ROUTER)];
    await login(one);
    expect(await connect(two)).toMatchObject({ code: WELCOME });
    const told = two.evaluate(() => globalThis.client.goodbye());
    await one.evaluate(() => globalThis.client.logout());
    expect(await told).toBe("wamp.close.logout");
    await one.reload();
    expect(await connect(one)).toEqual({ code: CHALLENGE, what: "ticket" });
  });

  it("with a cookie that another page of the site has planted: it gets a new one, and the planted one stays worthless", async () => {
    await start({ path: "/" });
    const planted = "planted-by-evil-page-0123";
    const evil = await pageOf("evil.example.com");
    await evil.evaluate(`document.cookie = "cbtid=${planted}; Domain=example.com; Path=/; Secure"`);
    const page = await pageOf(ROUTER);
    await login(page);
    expect(sent).toContain(planted);
    const own = (await context.cookies()).find(({ domain }) => domain === ROUTER)?.value;
    expect(own).toMatch(/^[\w-]{24}$/);
    await page.reload();
    expect(await connect(page)).toMatchObject({ code: WELCOME, what: { authprovider: "cookie" } });
    await context.clearCookies({ domain: ROUTER });
    await page.reload();
    expect(await connect(page)).toEqual({ code: CHALLENGE, what: "ticket" });
  });

  describe("whose page is of", () => {
    const OTHER = "www.example.net";
    const EVIL = "evil.example.com";

    // What the browser sends is its own affair: these rows say why SameSite is no substitute for the Origin.
    it.each<["Strict" | "Lax" | "None", string, boolean]>([
      ["Strict", EVIL, true],
      ["Lax", EVIL, true],
      ["None", EVIL, true],
      ["Strict", OTHER, false],
      ["Lax", OTHER, false],
      ["None", OTHER, true],
    ])("SameSite=%s, %s: it sends the cookie: %s; and no star lets it in", async (sameSite, host, isSent) => {
      await start({ "same-site": sameSite }, ["*"]);
      const page = await pageOf(ROUTER);
      await login(page);
      const before = await context.cookies();
      const foreign = await pageOf(host);
      expect(await connect(foreign)).toEqual({ code: CHALLENGE, what: "ticket" });
      expect(sent?.includes("cbtid=") === true).toBe(isSent);
      // It was given none, either.
      expect(await context.cookies()).toEqual(before);
      await page.reload();
      expect(await connect(page)).toMatchObject({ code: WELCOME });
    });

    it.each<["Strict" | "Lax" | "None", string, boolean]>([
      ["Strict", EVIL, true],
      ["Lax", EVIL, true],
      ["Lax", OTHER, false],
      ["None", OTHER, true],
    ])("SameSite=%s, %s, which allowed-origins names: the cookie lets it in: %s", async (sameSite, host, isIn) => {
      await start({ "same-site": sameSite }, [originOf(host), originOf(ROUTER)]);
      const page = await pageOf(host);
      await login(page);
      expect(await context.cookies()).toHaveLength(isIn ? 1 : 0);
      await page.reload();
      const answer = isIn ? { code: WELCOME, what: { authprovider: "cookie" } } : { code: CHALLENGE, what: "ticket" };
      expect(await connect(page)).toMatchObject(answer);
    });
  });
});
