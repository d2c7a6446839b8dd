/** The worker thread of the grader: one pair in, one verdict out. What it throws is the pool's to report. */
import { parentPort, workerData } from "node:worker_threads";
import { gradeTexts } from "./grade.js";
import type { ResolvedOptions } from "./options.js";

const options = workerData as ResolvedOptions;

parentPort?.on("message", ([candidate, reference, overrides]: [string, string, ResolvedOptions | undefined]) => {
  parentPort?.postMessage(gradeTexts(candidate, reference, overrides ?? options));
});
parentPort?.postMessage("ready");
