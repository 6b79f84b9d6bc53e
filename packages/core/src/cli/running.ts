import type { Router } from "../router/router.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";

/** A last resort: an unhandled promise of a plugin or a component must not end all sessions. */
export function survivePromises(router: Router): void {
  process.on("unhandledRejection", (error) =>
    unlessRepeated(router, "rejection", (repeats) =>
      router.log.error(
        { err: error, ...repeats },
        "a promise was rejected and not handled, in a plugin, a component or the router",
      ),
    ),
  );
}

/** The URLs where the router listens, with their methods and the plugins of these. */
export function summaryOf(router: Router, file: string): string[] {
  const lines = router.endpoints.map(({ url, methods }) => {
    const offers = methods.map(({ name, types, plugin }) => `${name} (${types.join(", then ")}) from ${plugin}`);
    return `  ${url}  ${offers.join("; ")}`;
  });
  return [`wampgate runs ${file}, and listens on`, ...lines];
}
