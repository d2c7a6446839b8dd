/** What a server of completions can do, as a probe found it. */

export interface Capabilities {
  /** Takes prompts as token ids. Without a tokenizer nobody asks. */
  takesTokens: boolean;
  /** Tells the token ids of completions (`return_token_ids`). */
  givesTokens: boolean;
  /** Completions of one prompt that it writes for one request (`n`), at most as many as are ever asked for; at least 1. */
  maxCompletions: number;
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
  const everyOne = (name: Exclude<keyof Capabilities, "maxCompletions">) => all.every((one) => one[name]);
  return {
    takesTokens: everyOne("takesTokens"),
    givesTokens: everyOne("givesTokens"),
    maxCompletions: Math.min(...all.map(({ maxCompletions }) => maxCompletions)),
    samples: everyOne("samples"),
    extraFields: everyOne("extraFields"),
    countsTokens: everyOne("countsTokens"),
    isSglang: everyOne("isSglang"),
  };
}
