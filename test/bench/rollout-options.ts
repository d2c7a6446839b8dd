/** What the rollout benchmark is asked for. */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type LlamaCppSetting, parseSetting } from "./llama-cpp-setting.js";
import { type EngineName, engineNames } from "./rollout-engines.js";
import { type RolloutShape, rolloutShapeNames } from "./rollout-shapes.js";
import { sizesOf, type WorkloadSizes, workloadNames } from "./workload.js";

export interface RolloutOptions {
  /** One of the two. */
  model?: string;
  shape?: RolloutShape;
  workloads: { name: string; sizes: WorkloadSizes }[];
  engines: EngineName[];
  python?: string;
  nodeLlamaCpp?: string;
  runs: number;
  slowRuns: number;
  threads: number;
  batch: number;
  /** 0: engines are not compared. */
  qualityTokens: number;
  /** What to try for llama.cpp, or what to take without a trial. */
  slots: number[];
  setting?: LlamaCppSetting;
  /** Runs during which others used the machine count too. */
  keepBusy: boolean;
}

const everyWorkload =
  "nested,flat,single,long,end-tokens,prompt-64,prompt-2048,batch-1,batch-2,batch-4,batch-8,batch-16,batch-32,batch-64,batch-128";

export const usage = `Usage: npm run bench rollouts -- --model FILE.gguf | --shape ${rolloutShapeNames.join("|")}
  --workloads NAMES         of ${workloadNames}; all of them
  --python PYTHON           one with transformers: the rows of transformers
  --node-llama-cpp FOLDER   it is installed in: the rows of llama.cpp and node-llama-cpp (needs git and g++)
  --engines NAMES           of ${engineNames.join(", ")}; all that can run
  --runs 5, --slow-runs 3   of each row; of node-llama-cpp and transformers
  --threads N               all cores
  --batch 64                completions that run at once, of every engine but llama.cpp, which is tried at several
  --slots 32,64,128         what llama.cpp is tried at; --llama-cpp unified:64 (or split:64) takes this without a trial
  --quality-tokens 5000     whose log-probabilities have to agree; 0: none
  --prefixes, --completions, --tokens N   instead of each workload's own
  --keep-busy               counts runs too during which others used more than a tenth of the machine`;

/** @throws Error that says what was expected where an option is wrong */
export function parseRolloutOptions(args: readonly string[]): RolloutOptions {
  const { values: flags } = parseArgs({
    args: [...args],
    options: {
      model: { type: "string" },
      shape: { type: "string" },
      workloads: { type: "string", default: everyWorkload },
      engines: { type: "string", default: engineNames.join(",") },
      python: { type: "string" },
      "node-llama-cpp": { type: "string" },
      runs: { type: "string", default: "5" },
      "slow-runs": { type: "string", default: "3" },
      threads: { type: "string", default: String(cpus().length) },
      batch: { type: "string", default: "64" },
      slots: { type: "string", default: "32,64,128" },
      "llama-cpp": { type: "string" },
      "quality-tokens": { type: "string", default: "5000" },
      prefixes: { type: "string" },
      completions: { type: "string" },
      tokens: { type: "string" },
      "keep-busy": { type: "boolean", default: false },
    },
  });
  const count = (name: string, text: string, least = 1): number => {
    if (!/^\d+$/.test(text) || Number(text) < least) {
      throw new Error(`Expected --${name} to be an integer of at least ${least}, received ${text}`);
    }
    return Number(text);
  };
  if ((flags.model === undefined) === (flags.shape === undefined)) {
    throw new Error("Expected either --model or --shape");
  }
  if (flags.shape !== undefined && !rolloutShapeNames.includes(flags.shape as RolloutShape)) {
    throw new Error(`Expected --shape to be one of ${rolloutShapeNames.join(", ")}, received ${flags.shape}`);
  }
  const engines = flags.engines.split(",") as EngineName[];
  const unknown = engines.find((name) => !engineNames.includes(name));
  if (unknown !== undefined) {
    throw new Error(`Expected --engines to be of ${engineNames.join(", ")}, received ${unknown}`);
  }
  const own: Partial<WorkloadSizes> = {};
  for (const name of ["prefixes", "completions", "tokens"] as const) {
    if (flags[name] !== undefined) own[name] = count(name, flags[name]);
  }
  const workloads = flags.workloads.split(",").map((name) => {
    const sizes = sizesOf(name);
    if (sizes === undefined) throw new Error(`Expected --workloads to be of ${workloadNames}, received ${name}`);
    return { name, sizes: { ...sizes, ...ownSizes(sizes, own) } };
  });
  const setting = flags["llama-cpp"] === undefined ? undefined : parseSetting(flags["llama-cpp"]);
  if (flags["llama-cpp"] !== undefined && setting === undefined) {
    throw new Error(`Expected --llama-cpp to be like unified:64 or split:64, received ${flags["llama-cpp"]}`);
  }
  return {
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(flags.shape === undefined ? {} : { shape: flags.shape as RolloutShape }),
    workloads,
    engines,
    ...(flags.python === undefined ? {} : { python: flags.python }),
    ...(flags["node-llama-cpp"] === undefined ? {} : { nodeLlamaCpp: flags["node-llama-cpp"] }),
    runs: count("runs", flags.runs),
    slowRuns: count("slow-runs", flags["slow-runs"]),
    threads: count("threads", flags.threads),
    batch: count("batch", flags.batch),
    qualityTokens: count("quality-tokens", flags["quality-tokens"], 0),
    slots: flags.slots.split(",").map((text) => count("slots", text)),
    ...(setting === undefined ? {} : { setting }),
    keepBusy: flags["keep-busy"],
  };
}

/** What makes a workload the one of its name stays: the prefixes and completions of which it has one. */
function ownSizes({ kind, completions, batch }: WorkloadSizes, own: Partial<WorkloadSizes>): Partial<WorkloadSizes> {
  const { prefixes, completions: ownCompletions, tokens } = own;
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(prefixes === undefined || kind === "prompt" || kind === "trunk" ? {} : { prefixes }),
    ...(ownCompletions === undefined || completions === 1 || batch !== undefined
      ? {}
      : { completions: ownCompletions }),
  };
}
