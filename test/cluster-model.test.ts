import { SEED } from "../jest/runs.ts";
import { FOUND } from "./model/found.ts";
import { ThreeNodes, testThreeNodes } from "./model/three-nodes.ts";

// Further parts are in the files of this name with a number: together they are one test, which Jest runs in several processes.

it.each(Object.keys(FOUND))("%s", async (name) => {
  const nodes = await ThreeNodes.start(SEED);
  try {
    await nodes.run(FOUND[name] ?? []);
  } finally {
    await nodes.close();
  }
});

testThreeNodes(0);
