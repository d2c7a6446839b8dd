/** transformers generate with a static cache on the same card. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { factsOf } from "./build.mjs";
import { StageFailure } from "./command.mjs";
import { decoding, toyDecoding } from "./whole-runs.mjs";

const eight = { shape: "llama-3.1-8b", batch: 256, runs: 1, ...decoding };
const real = [
  { name: "8b eager", seconds: 120, options: { ...eight, compiled: false } },
  { name: "8b compiled", seconds: 200, options: { ...eight, compiled: true } },
  { name: "1.7b compiled", seconds: 150, options: { ...eight, shape: "smollm2-1.7b", compiled: true } },
];
const toy = [
  { name: "toy", seconds: 120, options: { shape: "toy", batch: 4, runs: 1, compiled: false, ...toyDecoding } },
];

const part = ({ name, seconds, options: { shape, ...options } }) => ({
  name,
  seconds,
  async run({ device, root, python, results, measure }) {
    const { deviceShapes } = await import(pathToFileURL(join(root, "dist/test/bench/device/shape-checkpoint.js")).href);
    const bench = { device: device === "cuda" ? "cuda" : "cpu", config: deviceShapes[shape], ...options };
    const env = factsOf(results).python?.env ?? {};
    await measure(python, ["test/bench/peers/transformers-static.py", JSON.stringify(bench)], {
      env,
      label: { shape },
    });
  },
});

export const peer = {
  name: "transformers",
  seconds: 400,
  parts({ device, python, results }) {
    const facts = factsOf(results).python;
    if (device === "cuda" && !facts?.transformers) {
      throw new StageFailure(
        `${python} has no transformers that works: ${facts?.transformersError ?? "not looked for"}`,
      );
    }
    return (device === "cuda" ? real : toy).map(part);
  },
};
