// Preloaded into a router's process, so that a test can look into it and set its clock.

const TrueDate = Date;
let ahead = 0;

globalThis.Date = class extends TrueDate {
  constructor(...time) {
    if (time.length === 0) super(TrueDate.now() + ahead);
    else super(...time);
  }

  static now() {
    return TrueDate.now() + ahead;
  }
};

const answers = {
  /** What is in use after a garbage collection, and the most that the process ever took, in bytes. */
  async memory() {
    globalThis.gc();
    await new Promise(setImmediate); // what the first one found may hold more
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { used: heapUsed + external, rss, peak: process.resourceUsage().maxRSS * 1024 };
  },

  /** How many connections the process holds, and how many timers. */
  resources() {
    const kinds = process.getActiveResourcesInfo();
    const count = (...names) => kinds.filter((kind) => names.includes(kind)).length;
    return { sockets: count("TCPSocketWrap", "TLSSocketWrap"), timers: count("Timeout") };
  },

  /** Sets the wall clock so many milliseconds ahead of the true one. @returns what it shows */
  clock(by) {
    ahead = by;
    return Date.now();
  },
};

process.on("message", async ({ question, value }) => process.send(await answers[question](value)));
process.once("disconnect", () => process.exit()); // the test is gone
process.channel.unref();
