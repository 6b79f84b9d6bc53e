import { testThreeNodes } from "./model/three-nodes.ts";

testThreeNodes(2);
