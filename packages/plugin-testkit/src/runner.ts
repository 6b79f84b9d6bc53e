import { startTestRouter, type TestRouter, type TestRouterOptions } from "./test-router.ts";

/** The part of a test runner that the suites need: jest, vitest, mocha and node:test have it. */
export interface Runner {
  readonly describe: (name: string, define: () => void) => void;
  readonly it: (name: string, run: () => Promise<void>) => void;
}

/** Runs `use` with a router of these options, and closes it whatever happens. */
export async function withRouter<T>(options: TestRouterOptions, use: (router: TestRouter) => Promise<T>): Promise<T> {
  const router = await startTestRouter(options);
  try {
    return await use(router);
  } finally {
    await router.close();
  }
}
