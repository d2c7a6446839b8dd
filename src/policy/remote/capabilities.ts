/** What a server of completions can do, as a probe found it. */

export interface Capabilities {
  /** Takes prompts as token ids. Without a tokenizer nobody asks. */
  takesTokens: boolean;
  /** Tells the token ids of completions (`return_token_ids`). */
  givesTokens: boolean;
  /** Answers `n` completions that differ. */
  manyCompletions: boolean;
  /** Completions of other seeds are other ones, where the temperature is above 0. */
  samples: boolean;
  /** Takes what the OpenAI interface has no word for: `top_k`, `min_p`, ... */
  extraFields: boolean;
  /** Counts tokens (`usage`). */
  countsTokens: boolean;
  /** Speaks SGLang's dialect where that differs from vLLM's. */
  isSglang: boolean;
}

/** What every one of the servers can do. */
export function commonCapabilities(all: readonly Capabilities[]): Capabilities {
  const everyOne = (name: keyof Capabilities) => all.every((one) => one[name]);
  return {
    takesTokens: everyOne("takesTokens"),
    givesTokens: everyOne("givesTokens"),
    manyCompletions: everyOne("manyCompletions"),
    samples: everyOne("samples"),
    extraFields: everyOne("extraFields"),
    countsTokens: everyOne("countsTokens"),
    isSglang: everyOne("isSglang"),
  };
}
