/** The tokens that end a text, gathered from every place a checkpoint may name them. */
import type { Fields } from "./fields.js";

export interface StopTokens {
  /** Ascending, each once. */
  ids: number[];
  notes: string[];
}

/**
 * Reads fields that are absent, one id, or a list of ids. Ids outside the vocabulary are left out, with a note: some files carry them.
 * @throws ERPRM_INVALID_CHECKPOINT for anything else, naming file and field
 */
export function stopTokens(sources: readonly [fields: Fields, name: string][], vocabularySize: number): StopTokens {
  const ids = new Set<number>();
  const notes: string[] = [];
  for (const [fields, name] of sources) {
    const value = fields.get(name);
    const list: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
    for (const item of list) {
      const id = Number.isInteger(item)
        ? (item as number)
        : fields.fail(name, "a token id or a list of token ids", value);
      if (id >= 0 && id < vocabularySize) ids.add(id);
      else
        notes.push(
          `${name} ${id} is outside the vocabulary of ${vocabularySize} tokens and is ignored (${fields.file})`,
        );
    }
  }
  return { ids: [...ids].sort((a, b) => a - b), notes };
}
