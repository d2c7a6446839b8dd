/** `GET /models`: what a server says that it serves. */
import { ErprmError } from "../../errors.js";

export interface ListedModel {
  id: string;
  /** Which program serves it, where that is told (vllm, sglang, llamacpp). */
  ownedBy: string | undefined;
  /** Tokens of prompt and completion together, where that is told. */
  contextLength: number | undefined;
  /** SHA-256 of the model's files, where the server is erprm. */
  fingerprint: string | undefined;
  /** How the weights are held, where that is told: texts depend on it too. */
  dtype: string | undefined;
}

type Entry = Record<string, unknown> | null;

/**
 * The entry of the model; undefined where the server has no list.
 * @param answer the JSON, undefined where there is none
 * @throws ERPRM_INVALID_ARGUMENT for a model that is not in the list
 */
export function findListed(answer: unknown, url: string, model: string): ListedModel | undefined {
  const data = (answer as { data?: unknown } | null | undefined)?.data;
  if (!Array.isArray(data)) return undefined;
  const ids = data.map((entry: Entry) => String(entry?.id));
  const entry = data.find((one: Entry) => one?.id === model) as Entry | undefined;
  if (!entry) {
    const served = ids.length === 0 ? "none" : ids.join(", ");
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected ${url} to serve the model ${model}, it lists: ${served}`, {
      url,
      expected: model,
      received: ids,
    });
  }
  const { max_model_len: length, fingerprint, dtype } = entry;
  return {
    id: model,
    ownedBy: typeof entry.owned_by === "string" ? entry.owned_by : undefined,
    contextLength: Number.isSafeInteger(length) && (length as number) > 0 ? (length as number) : undefined,
    fingerprint: typeof fingerprint === "string" && /^[0-9a-f]{64}$/.test(fingerprint) ? fingerprint : undefined,
    dtype: typeof dtype === "string" ? dtype : undefined,
  };
}
