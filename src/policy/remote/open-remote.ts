/** From `openai:URL#MODEL` to a policy: its servers are asked what they can do, and what they serve is compared with what is wanted. */
import { ErprmError } from "../../errors.js";
import { byteTextModel } from "../../text/byte-text-model.js";
import type { TextModel } from "../../text/text-model.js";
import type { OpenedRolloutPolicy } from "../rollout-policy.js";
import { type Capabilities, commonCapabilities } from "./capabilities.js";
import { Endpoints } from "./endpoints.js";
import { type ExaminedServer, examineServers } from "./examine-servers.js";
import { HttpClient } from "./http-client.js";
import { expectSafeTravel } from "./key-travel.js";
import { openTokenizer } from "./open-tokenizer.js";
import { mostCompletions } from "./probe.js";
import { parseRemoteName, type RemoteName } from "./remote-name.js";
import { checkRemoteOptions, type RemotePolicyOptions } from "./remote-options.js";
import { RemotePolicy } from "./remote-policy.js";
import type { KnownModel } from "./same-model.js";

/**
 * @throws ERPRM_INVALID_ARGUMENT for a name or option that cannot be, a key that others could read on its way, a model that is not served, a server that cannot continue a prefix
 *   or has another tokenizer; ERPRM_NOT_FOUND and the like for the tokenizer; ERPRM_IO for a server that does not answer; ERPRM_ABORTED
 */
export async function openRemotePolicy(name: string, options: RemotePolicyOptions = {}): Promise<OpenedRolloutPolicy> {
  const remote = parseRemoteName(name);
  const settings = checkRemoteOptions(options);
  const { concurrency, retries, timeoutMs, apiKey, prices } = settings;
  expectSafeTravel(remote, settings);
  const tokenizer =
    options.tokenizer === undefined ? undefined : await openTokenizer(options.tokenizer, options.signal);
  const found = await examineServers(remote, settings, tokenizer?.text, options.signal);
  expectOneDialect(found, remote);
  const capabilities = commonCapabilities(found.map((one) => one.capabilities));
  const lengths = found.flatMap(({ listed }) => listed?.contextLength ?? []);
  const contextLength = options.contextLength ?? (lengths.length > 0 ? Math.min(...lengths) : undefined);
  // The same at all of them.
  const dtype = found[0]?.listed?.dtype;
  const maxBatch = concurrency * remote.baseUrls.length;
  const known = new Map<string, KnownModel>();
  for (const [i, { listed, model }] of found.entries()) {
    known.set(remote.baseUrls[i] as string, { model, fingerprint: listed?.fingerprint });
  }
  return {
    fingerprint: fingerprintOf(found, remote),
    identity: {
      contextLength: tokenizer && contextLength,
      tokenizer: tokenizer?.fingerprint,
      server: {
        prompts: capabilities.takesTokens ? "token ids" : "texts",
        completions: capabilities.givesTokens ? "token ids" : "texts",
        ...(dtype !== undefined && { dtype }),
        ...(!capabilities.extraFields && { truncation: "the server's own" }),
        // Seeds are those of requests: cut into others, a run would draw other completions.
        ...(capabilities.samples &&
          capabilities.maxCompletions < mostCompletions && { completionsPerRequest: capabilities.maxCompletions }),
      },
    },
    notes: notesOf(name, capabilities, tokenizer?.text),
    build: { servers: [...new Set(found.map(({ listed }) => listed?.ownedBy ?? "unknown"))] },
    load: async () =>
      new RemotePolicy({
        model: remote.model,
        client: await HttpClient.open({ apiKey, timeoutMs }),
        endpoints: new Endpoints(remote.baseUrls, { concurrency }),
        ...{ capabilities, known, maxBatch, retries, prices },
        text: tokenizer?.text ?? byteTextModel(),
        trunkUnit: tokenizer ? "token" : "byte",
        contextLength: (tokenizer && contextLength) ?? Number.POSITIVE_INFINITY,
      }),
  };
}

/** Servers pass over fields that are not theirs without a word: half of the completions would be of other ones. */
function expectOneDialect(found: readonly ExaminedServer[], { baseUrls }: RemoteName): void {
  const isSglang = found.map(({ capabilities }) => capabilities.isSglang);
  if (new Set(isSglang).size < 2) return;
  const [ours, others] = [true, false].map((kind) => baseUrls.filter((_, i) => isSglang[i] === kind).join(", "));
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected servers of one kind, received SGLang at ${ours} and others at ${others}: they keep stop texts by other fields`,
    { received: baseUrls },
  );
}

/** What stands for the model, at all servers: its files' where the server tells, else the name by which it is known there. */
function fingerprintOf(found: readonly ExaminedServer[], { baseUrls, model }: RemoteName): string {
  const nameOf = (one: ExaminedServer) => one.listed?.fingerprint ?? `openai:${one.listed?.id ?? one.model ?? model}`;
  const heldAs = ({ listed }: ExaminedServer) => (listed?.dtype === undefined ? "" : ` (${listed.dtype})`);
  const names = [...new Set(found.map((one) => `${nameOf(one)}${heldAs(one)}`))];
  if (names.length === 1) return nameOf(found[0] as ExaminedServer);
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected one model at ${baseUrls.join(", ")}, received several: ${names.join(", ")}`,
    { received: names },
  );
}

function notesOf(name: string, capabilities: Capabilities, text: TextModel | undefined): string[] {
  const { takesTokens, givesTokens, maxCompletions, samples, extraFields, countsTokens } = capabilities;
  const notes = [
    [
      text === undefined,
      "without --tokenizer prompts are plain texts, no chat template is used, and no tokens are recorded",
    ],
    [text !== undefined && !takesTokens, "the server takes no token ids: prompts are sent as texts"],
    [text !== undefined && !givesTokens, "the server tells no token ids: solutions are recorded without tokens"],
    [!samples, "the server does not sample: only greedy completions (temperature 0) can be had of it"],
    [
      samples && maxCompletions === 1,
      "the server writes one completion a request, or the same one several times: each is asked for alone",
    ],
    [
      !extraFields,
      "the server takes no top_k, min_p and repetition_penalty: whatever it does by default, it does here",
    ],
    [!countsTokens, "the server counts no tokens"],
  ] as const;
  return notes.filter(([isSo]) => isSo).map(([, note]) => `${name}: ${note}`);
}
