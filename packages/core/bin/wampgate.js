#!/usr/bin/env node
// A committed file, because npm links only what is there at install: the built code may come later.
import { main } from "../dist/cli/main.js";

process.exitCode = await main(process.argv.slice(2));
