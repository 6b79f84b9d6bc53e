#!/usr/bin/env node
// A committed file, because npm links only what is there at install: the built code may come later.
import { requireNode } from "./node-version.js";

requireNode();
const { main } = await import("../dist/cli/main.js");

/** How long the process may go on after the command has ended, in milliseconds. */
const EXIT_TIME = 1000;

process.exitCode = await main(process.argv.slice(2));
// What a plugin or a component has left open must not keep the process alive.
setTimeout(() => process.exit(), EXIT_TIME).unref();
