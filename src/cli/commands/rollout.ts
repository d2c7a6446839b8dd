/** `erprm rollout`: its options. What it does is in run-rollout.ts. */
import type { Command } from "commander";
import { remotePolicyOptions } from "../remote-policy.js";
import { shardHelp, shardOptions } from "../shard/options.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions, policyOptions, promptOptions, runOptions, solutionOptions } from "../stage-options.js";

export const rolloutOptions = [
  {
    name: "problems",
    kind: { type: "text" },
    argument: "FILE",
    help: "problems: .jsonl, .json, .jsonl.gz, .jsonl.zst or .parquet; ours, GSM8K or MATH (required)",
  },
  ...policyOptions,
  ...remotePolicyOptions,
  ...runOptions,
  ...shardOptions,
  ...solutionOptions,
  ...promptOptions,
  ...commonOptions,
] as const;

export function rolloutCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "rollout",
      summary: "sample solutions of problems, cut them into steps, grade them",
      details: `Writes solutions.jsonl and manifest.json in the run directory. A solution that the length limit cuts off is graded by whatever
answer it states.

--policy openai:URL#MODEL samples from a model behind a completion server (vLLM, SGLang, llama.cpp, erprm serve): docs/other-engines.md.

${shardHelp}

Examples:
  erprm rollout --policy model.gguf --problems gsm8k_test.jsonl --num-solutions 4 --out runs/solutions
  erprm rollout --policy openai:http://127.0.0.1:8000/v1#MODEL --tokenizer model --problems gsm8k_test.jsonl --out runs/solutions
  erprm rollout --policy model.gguf --problems gsm8k_test.jsonl --shard 2/8 --out runs/shards`,
    },
    rolloutOptions,
    async () => (await import("../run-rollout.js")).runRollout(),
    surroundings,
  );
}
