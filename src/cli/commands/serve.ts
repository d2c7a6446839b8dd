/** `erprm serve`: what it is for. What it does is in run-serve.ts. */
import type { Command } from "commander";
import { serveOptions } from "../serve/options.js";
import { type Surroundings, stageCommand } from "../stage-command.js";

export function serveCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "serve",
      summary: "answer over HTTP: step scores, grades, completions",
      details: `Loads the models, prints the address on standard output when it is ready (--json: one JSON object with host, port, url and
models) and answers until SIGTERM or SIGINT. Then readiness goes false, new work is refused with 503, and what was begun is
finished within --drain-timeout; the exit code is 0. A second signal ends at once.

  POST /v1/score        {question, steps} or {items: [...]}: step scores and their aggregates; NDJSON for any number
  POST /v1/grade        {answer, solution}: outcome and final answer
  POST /v1/completions  raw completions of a policy, as OpenAI clients ask for them
  POST /pooling, /classify   what clients of reward models send to vLLM
  GET  /v1/models, /healthz, /readyz, /metrics, /openapi.json

Requests of all clients share forward passes, in turns by tokens. Each line of the access log on standard error has time, method,
path, status and milliseconds; texts and keys are never logged. docs/serve.md tells of every route and limit.

Examples:
  erprm serve --reward-model runs/prm
  erprm serve --reward-model small=runs/prm --reward-model Qwen2.5-Math-PRM-7B --dtype int8 --port 9000
  erprm serve --policy tiny=builtin:tiny --reward-model runs/prm --model-memory 8GiB
  erprm serve --reward-model runs/prm --host 0.0.0.0 --api-key-file keys.txt`,
    },
    serveOptions,
    async () => (await import("../serve/run-serve.js")).runServe(),
    surroundings,
  );
}
