/** The benchmarks of native/bench, by CUDA's events: one process each, since after a fault on a card a process can do no more. */
import { StageFailure } from "./command.mjs";

const program = "build/erprm_kernel_bench";

/** What everything else is a share of, so these come first. */
export const rateNames = ["copy", "matrix-rate"];
/** The processor's own: no device takes part. */
const hostNames = ["linear"];

/** Those that the program names when it is started without arguments. */
async function benchNames(run) {
  const { lines } = await run(program, []);
  const names = lines.map((line) => /^Benchmarks:(.*)/.exec(line)?.[1]).find(Boolean);
  if (!names) throw new StageFailure(`Expected ${program} to name its benchmarks, received: ${lines.join(" ")}`);
  return names.trim().split(/\s+/);
}

const part = (name, seconds) => ({
  name,
  seconds,
  async run({ device, measure }) {
    const results = await measure(program, [device, ...(device === "cuda" ? [] : ["--toy"]), name]);
    if (results.length === 0) throw new StageFailure(`the benchmark ${name} printed no result`);
  },
});

export const rates = {
  name: "rates",
  seconds: 120,
  parts: () => rateNames.map((name) => part(name, 60)),
};

export const kernels = {
  name: "kernels",
  seconds: 240,
  async parts({ run }) {
    const names = await benchNames(run);
    return names.filter((name) => ![...rateNames, ...hostNames].includes(name)).map((name) => part(name, 40));
  },
};
