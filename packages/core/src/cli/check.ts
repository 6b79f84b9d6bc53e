import { type RouterCommand, routerOf } from "./router-of.ts";

/** Loads the config and all that it names, and prints whether the router would start. */
export async function check(options: RouterCommand): Promise<void> {
  const { router } = await routerOf(options, "warn");
  router.check();
  const plugins = router.plugins.map(({ plugin }) => plugin.name);
  console.log(`The config is fine. Plugins: ${plugins.length === 0 ? "none" : plugins.join(", ")}.`);
}
