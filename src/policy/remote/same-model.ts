/** Whether answers come of the model that was there at the start: a server may be replaced by one of another model meanwhile. */
import { ErprmError } from "../../errors.js";
import type { CompletionResponse } from "./completion-response.js";

/** What one server said of its model before the work began. */
export interface KnownModel {
  /** As its answers name it. */
  model: string | undefined;
  /** SHA-256 of the model's files, where the server is erprm. */
  fingerprint: string | undefined;
}

/**
 * What a server does not tell cannot differ.
 * @throws ERPRM_INVALID_ARGUMENT for an answer of another model
 */
export function expectSameModel(
  url: string,
  known: KnownModel,
  { model, fingerprint }: Pick<CompletionResponse, "model" | "fingerprint">,
): void {
  const isRenamed = known.model !== undefined && model !== undefined && model !== known.model;
  const isOther =
    known.fingerprint !== undefined && fingerprint !== undefined && !known.fingerprint.startsWith(fingerprint);
  if (!isRenamed && !isOther) return;
  const [expected, received] = isRenamed ? [known.model, model] : [known.fingerprint, fingerprint];
  const message = `Expected ${url} to go on with the model that it served at the start, ${expected}, it answers with ${received}`;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { url, expected, received });
}
