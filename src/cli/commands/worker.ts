/** `erprm worker`: its options. What it does is in worker/run-worker.ts. */
import type { Command } from "commander";
import { named } from "../option.js";
import { queueAccessOptions } from "../queue/options.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions, policyOptions, under } from "../stage-options.js";

export const workerOptions = [
  ...queueAccessOptions,
  ...under("Many machines:", [
    {
      name: "run",
      kind: { type: "text" },
      argument: "NAME",
      help: "work for this run, by the name that its writer says",
      defaultText: "the first one of the policy's model",
    },
    {
      name: "in-flight",
      kind: { type: "integer", low: 1, high: 65536 },
      argument: "N",
      help: "units at the same time; those are what a kill costs",
      defaultText: "as many as keep the engine busy",
    },
    {
      name: "idle",
      kind: { type: "number", low: 0, high: 1e9 },
      argument: "SECONDS",
      help: "end after so long without work",
      defaultText: "wait",
    },
    { name: "stay", kind: { type: "switch" }, help: "wait for another run when one is complete", default: false },
    {
      name: "any-build",
      kind: { type: "switch" },
      help: "work for a run that another build or processor writes; the last bits may then differ",
      default: false,
    },
  ]),
  ...named(policyOptions, ["policy", "threads", "batch-size", "kv-memory"]),
  ...commonOptions,
] as const;

export function workerCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "worker",
      summary: "work for a run on another machine: erprm label --queue",
      details: `Takes units of work, problems or solutions, from the NATS server of erprm label --queue and gives their labels back. Options that
decide results come from the run; the policy must be its very model, wherever it lies on this machine. Workers may come and go at any
time. One that is killed costs the units it held, which go to others after --ack-wait of the run; one that is interrupted (Ctrl-C,
SIGTERM) gives them back at once. It ends when the run is complete.

Examples:
  erprm worker --queue nats://head-node:4222 --policy model.gguf
  erprm worker --queue tls://queue.example.org --queue-creds worker.creds --policy model.gguf --stay --idle 600`,
    },
    workerOptions,
    async () => (await import("../worker/run-worker.js")).runWorker(),
    surroundings,
  );
}
