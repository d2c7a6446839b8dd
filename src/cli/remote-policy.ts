/** The options of a policy behind completion servers, and which options go with which kind of policy. */
import { readFile } from "node:fs/promises";
import { ioError } from "../data/io-error.js";
import { ErprmError } from "../errors.js";
import { remoteDefaults } from "../policy/remote/defaults.js";
import { isRemoteName } from "../policy/remote/remote-name.js";
import type { RemotePolicyOptions } from "../policy/remote/remote-options.js";
import { refuseIdleFlags } from "./idle-flags.js";
import type { OptionSpec, OptionValues } from "./option.js";
import type { Given } from "./stage-command.js";
import { under } from "./stage-options.js";

const price = { type: "number", low: 0, high: Number.POSITIVE_INFINITY } as const;

export const remotePolicyOptions = under(
  "A policy behind servers (--policy openai:URL#MODEL or openai:URL,URL#MODEL):",
  [
    {
      name: "tokenizer",
      kind: { type: "text" },
      argument: "MODEL",
      help: "where the model's tokenizer and chat template are: a model directory (weights are not needed), a .gguf file or builtin:tiny; without it prompts are plain texts",
    },
    {
      name: "concurrency",
      kind: { type: "integer", low: 1, high: 65536 },
      argument: "N",
      help: "requests in flight at each server; each asks for all completions of a prefix, up to 32",
      default: remoteDefaults.concurrency,
    },
    {
      name: "retries",
      kind: { type: "integer", low: 0, high: 1000 },
      argument: "N",
      help: "how often a request that failed is sent again before the run ends",
      default: remoteDefaults.maxRetries,
    },
    {
      name: "request-timeout",
      kind: { type: "number", low: 0, high: 2_000_000, openLow: true },
      argument: "SECONDS",
      help: "after which a request counts as failed",
      default: remoteDefaults.requestTimeout,
    },
    {
      name: "api-key-file",
      kind: { type: "text" },
      argument: "FILE",
      help: "a file with the API key and nothing else",
      defaultText: "the environment's ERPRM_OPENAI_API_KEY, else OPENAI_API_KEY, else none",
    },
    {
      name: "api-key-over-http",
      kind: { type: "switch" },
      help: "send the key over plain http:// to other machines too, on whose way others can read it",
      default: false,
    },
    {
      name: "price-input",
      kind: price,
      argument: "X",
      help: "of a million prompt tokens; the summary then has the cost",
    },
    { name: "price-output", kind: price, argument: "X", help: "of a million sampled tokens" },
  ] as const satisfies readonly OptionSpec[],
);

type RemoteValues = OptionValues<typeof remotePolicyOptions>;

/** They say how a model on this machine computes. */
const localNames = ["device", "dtype", "threads", "batch-size", "kv-memory"];

/** @throws ERPRM_INVALID_ARGUMENT for flags that have no effect on this kind of policy */
export function refuseFlagsOfOtherPolicies(policy: string, given: Given): void {
  const isRemote = isRemoteName(policy);
  refuseIdleFlags(given, [
    { names: localNames, why: "with --policy openai:..., which computes elsewhere", when: isRemote },
    {
      names: remotePolicyOptions.map(({ name }) => name),
      why: "without --policy openai:URL#MODEL: it is for policies behind servers",
      when: !isRemote,
    },
  ]);
}

/** @throws ERPRM_IO for a key file that cannot be read, ERPRM_INVALID_DATA for one that holds no key, or more */
export async function remoteOptionsOf(policy: string, values: RemoteValues): Promise<RemotePolicyOptions> {
  if (!isRemoteName(policy)) return {};
  const { tokenizer, concurrency, retries, requestTimeout, apiKeyFile, apiKeyOverHttp, priceInput, priceOutput } =
    values;
  return {
    ...{ tokenizer, concurrency, maxRetries: retries, requestTimeout },
    apiKey: await readApiKey(apiKeyFile),
    apiKeyOverHttp,
    prices: { input: priceInput, output: priceOutput },
  };
}

async function readApiKey(file: string | undefined): Promise<string | undefined> {
  // An empty variable is one that somebody switched off; ours, the other one with it.
  if (file === undefined) return (process.env.ERPRM_OPENAI_API_KEY ?? process.env.OPENAI_API_KEY) || undefined;
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw ioError(error, file, "read");
  });
  const key = text.trim();
  if (/^\S+$/.test(key)) return key;
  // Without what the file holds: part of it may be a key.
  const received = key === "" ? "an empty file" : `${key.split(/\s+/).length} words`;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected ${file} to hold an API key and nothing else, received ${received}`,
    {
      file,
    },
  );
}

/** What changes nothing in the results, for the manifest. The key is not part of it. */
export function remoteFreedom(policy: string, values: RemoteValues): Record<string, unknown> {
  const { concurrency, retries, requestTimeout, tokenizer } = values;
  return { policy, tokenizer, concurrency, retries, requestTimeout };
}
