/** The options of `erprm serve`, in the order of the help text. */

import { defaultBatching, defaultLimits } from "../../service/limits.js";
import { rewardModelOptions } from "../commands/score.js";
import { maxInteger, named, type OptionSpec } from "../option.js";
import { commonOptions, policyOptions, under } from "../stage-options.js";

const count = { type: "integer", low: 1, high: maxInteger } as const;
const seconds = { type: "number", low: 0, high: 86_400, openLow: true } as const;

const modelOptions = under("Models:", [
  {
    name: "reward-model",
    kind: { type: "texts" },
    argument: "[NAME=]MODEL",
    help: "a reward model: a model directory (Hugging Face layout) or a .gguf file; requests call it NAME, else by its last folder or file; may be repeated",
  },
  {
    name: "policy",
    kind: { type: "texts" },
    argument: "[NAME=]MODEL",
    help: "a policy for completions: a model directory, a .gguf file or builtin:tiny; may be repeated",
  },
] as const satisfies readonly OptionSpec[]);

const addressOptions = under("Address and keys:", [
  {
    name: "host",
    kind: { type: "text" },
    argument: "ADDRESS",
    help: "the address to listen on; any but a loopback one needs an API key",
    default: "127.0.0.1",
  },
  {
    name: "port",
    kind: { type: "integer", low: 0, high: 65_535 },
    argument: "N",
    help: "the port; 0 takes a free one, which is printed",
    default: 8080,
  },
  {
    name: "api-key-file",
    kind: { type: "text" },
    argument: "FILE",
    help: "API keys, one a line, of which a client has to send one; those of the environment's ERPRM_API_KEY (separated by commas) are taken too",
    defaultText: "none",
  },
] as const satisfies readonly OptionSpec[]);

const askOptions = under("How models are asked and held:", [
  ...named(rewardModelOptions, ["convention", "step-tag", "device", "dtype", "threads"]),
  ...named(policyOptions, ["kv-memory", "context-length", "batch-size"]),
  {
    name: "model-memory",
    kind: { type: "bytes" },
    argument: "SIZE",
    help: "bound on the memory of all models that are loaded, weights, keys and values (--kv-memory each) and buffers together; the one that was used longest ago makes room for one that is asked for",
    defaultText: "none",
  },
  {
    name: "split",
    kind: { type: "text" },
    argument: "RULE",
    help: "how steps were cut; joins steps that lost their line ends: newline, blank-line, step-number, tag:TEXT or auto",
    default: "auto",
  },
] as const satisfies readonly OptionSpec[]);

const batchOptions = under("Batches and queue:", [
  {
    name: "tokens-per-batch",
    kind: count,
    argument: "N",
    help: "tokens of a forward pass, in which the solutions of all clients are scored together",
    default: defaultBatching.tokensPerBatch,
  },
  {
    name: "batch-wait",
    kind: { type: "number", low: 0, high: 10_000 },
    argument: "MS",
    help: "milliseconds that the first solution of a batch waits for others while the model is idle",
    default: defaultBatching.batchWaitMs,
  },
  {
    name: "max-queued-tokens",
    kind: count,
    argument: "N",
    help: "tokens that may wait for one reward model; beyond that requests are answered 429 with Retry-After. One client may hold half of them",
    default: defaultLimits.maxQueuedTokens,
  },
] as const satisfies readonly OptionSpec[]);

const limitOptions = under("Limits:", [
  {
    name: "max-completions",
    kind: count,
    argument: "N",
    help: "most completions of one request, prompts times n (400)",
    default: defaultLimits.maxCompletions,
  },
  {
    name: "max-completion-tokens",
    kind: count,
    argument: "N",
    help: "most tokens of one completion (400); the model's context bounds it too",
    default: defaultLimits.maxCompletionTokens,
  },
  {
    name: "max-request-tokens",
    kind: count,
    argument: "N",
    help: "most tokens that a request for completions is told (400): completions times max_tokens or what the context leaves, times 1 + logprobs",
    default: defaultLimits.maxRequestTokens,
  },
  {
    name: "max-unread",
    kind: { type: "bytes" },
    argument: "SIZE",
    help: "how much of a stream of completions may wait for a client that does not read it; beyond that it ends with an error",
    default: defaultLimits.maxUnreadBytes,
    defaultText: "8MiB",
  },
  {
    name: "max-queued-completions",
    kind: count,
    argument: "N",
    help: "completions that may wait for one policy; beyond that requests are answered 429 with Retry-After. One client may hold half of them",
    default: defaultLimits.maxQueuedCompletions,
  },
  {
    name: "max-body",
    kind: { type: "bytes" },
    argument: "SIZE",
    help: "largest body of a request, or line of a stream (413)",
    default: defaultLimits.maxBodyBytes,
    defaultText: "8MiB",
  },
  {
    name: "max-items",
    kind: count,
    argument: "N",
    help: "most solutions of one request (422); a stream may have any number",
    default: defaultLimits.maxItems,
  },
  {
    name: "max-steps",
    kind: count,
    argument: "N",
    help: "most steps of a solution (422)",
    default: defaultLimits.maxSteps,
  },
  {
    name: "max-characters",
    kind: count,
    argument: "N",
    help: "longest solution with its question (422); longer than the model's context is refused too",
    default: defaultLimits.maxCharacters,
  },
  {
    name: "max-connections",
    kind: count,
    argument: "N",
    help: "most connections at a time; further ones are closed at once",
    default: defaultLimits.maxConnections,
  },
  {
    name: "client-timeout",
    kind: seconds,
    argument: "SECONDS",
    help: "how long a client may take to send a body or the next line of a stream (408), or to read its answer",
    default: defaultLimits.clientTimeoutSeconds,
  },
  {
    name: "drain-timeout",
    kind: seconds,
    argument: "SECONDS",
    help: "how long work may go on after the first SIGTERM or SIGINT",
    default: 30,
  },
] as const satisfies readonly OptionSpec[]);

export const serveOptions = [
  ...modelOptions,
  ...addressOptions,
  ...askOptions,
  ...batchOptions,
  ...limitOptions,
  ...commonOptions,
] as const satisfies readonly OptionSpec[];
