/** `erprm label`: its options. What it does is in run-label.ts. */
import type { Command } from "commander";
import { allocationOptions, completionsFileOptions, estimatorOptions } from "../label/options.js";
import { queueWriterOptions } from "../queue/options.js";
import { remotePolicyOptions } from "../remote-policy.js";
import { shardHelp, shardOptions } from "../shard/options.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import {
  commonOptions,
  completionOptions,
  policyOptions,
  promptOptions,
  runOptions,
  solutionOptions,
} from "../stage-options.js";

const file = { type: "text" } as const;

export const labelOptions = [
  { name: "solutions", kind: file, argument: "FILE", help: "label the solutions of this file" },
  {
    name: "problems",
    kind: file,
    argument: "FILE",
    help: "sample solutions of these problems first; they go to solutions.jsonl",
  },
  {
    name: "from",
    kind: file,
    argument: "FILE",
    help: "compute other labels (--eta) from the counts of this labels.jsonl; needs no policy",
  },
  ...policyOptions,
  ...remotePolicyOptions,
  ...runOptions,
  ...shardOptions,
  ...queueWriterOptions,
  ...completionsFileOptions,
  ...completionOptions,
  ...allocationOptions,
  ...estimatorOptions,
  ...solutionOptions,
  ...promptOptions,
  ...commonOptions,
] as const;

export function labelCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "label",
      summary: "label the steps of solutions by completing every prefix",
      details: `Give one of --solutions, --problems and --from. Writes labels.jsonl and manifest.json in the run directory.

Every prefix of a solution (the prompt and its steps 0..t) is completed K times; the label of step t comes from how many of the
completions are correct. The last step is not completed: its label is the solution's own outcome, also where the length limit cut
the solution off. --temperature, --top-p, --top-k, --min-p and --max-tokens are for the solutions of --problems; completions
have their own. --system, --instruction and --prompt-template must be those the solutions were sampled with; where --solutions
lies in a run directory they are read from its manifest.

--tolerance, --gain and --first-error take the place of a fixed number of completions; every record says so (allocation). With the same seed
their completions are the first ones of the fixed number's. --estimator posterior is recorded too.

--policy openai:URL#MODEL completes with a model behind a completion server (vLLM, SGLang, llama.cpp, erprm serve): docs/other-engines.md.

${shardHelp}

--queue hands the units of the run, problems or solutions, to any number of workers (erprm worker) through a NATS server with
JetStream (nats-server -js); this process only writes what comes back, needs the policy's files to name the model, and may be killed and
started again like any of the others. The run directory is that of the run on one machine, byte for byte. A unit whose workers
go away is handed out again; one that takes them down is set aside in failed.jsonl, the rest goes on, and the exit code is then 2.

Examples:
  erprm label --policy model.gguf --problems gsm8k_test.jsonl --num-solutions 4 --num-completions 8 --out runs/labels
  erprm label --policy model.gguf --solutions runs/solutions/solutions.jsonl --out runs/labels
  erprm label --policy model.gguf --solutions solutions.jsonl --tolerance 0.15 --max-completions 32 --out runs/adaptive
  erprm label --policy model.gguf --solutions solutions.jsonl --first-error --out runs/first-errors
  erprm label --policy openai:http://127.0.0.1:8000/v1#MODEL --tokenizer model --solutions solutions.jsonl --out runs/labels
  erprm label --policy model.gguf --problems gsm8k_train.jsonl --shard auto --out runs/shards
  erprm label --policy model.gguf --problems gsm8k_train.jsonl --queue nats://head-node:4222 --out runs/labels
  erprm label --from runs/labels/labels.jsonl --eta 0.5,8 --out runs/other-labels
  erprm label --from runs/labels/labels.jsonl --estimator posterior --out runs/posterior-labels`,
    },
    labelOptions,
    async () => (await import("../label/run-label.js")).runLabel(),
    surroundings,
  );
}
