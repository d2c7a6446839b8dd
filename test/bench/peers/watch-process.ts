/**
 * Loaded before a command (`node --import`): writes to the file ERPRM_BENCH_WATCH, at the end of the process, how long its event loop
 * was held up and how its memory went.
 */
import { writeFileSync } from "node:fs";
import type { Watched } from "../watched.js";

const file = process.env.ERPRM_BENCH_WATCH as string;
const watched: Watched = { blocks: [], memory: [] };
/** Milliseconds: shorter ones are not kept. */
const leastBlock = 2;
const memoryEvery = 250;
let [last, lastMemory] = [performance.now(), Number.NEGATIVE_INFINITY];

const timer = setInterval(() => {
  const now = performance.now();
  // The timer is due every millisecond.
  const held = now - last - 1;
  if (held >= leastBlock) watched.blocks.push({ at: Date.now(), milliseconds: held });
  if (now - lastMemory >= memoryEvery) {
    watched.memory.push({ at: Date.now(), bytes: process.memoryUsage.rss() });
    lastMemory = now;
  }
  last = performance.now();
}, 1);
timer.unref();
process.on("exit", () => writeFileSync(file, JSON.stringify(watched)));
