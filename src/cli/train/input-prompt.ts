/** The prompt that a file's solutions were sampled with: what the flags say, else what the file's own run says. */
import type { PromptSettings } from "../../text/prompt.js";
import { promptSettings } from "../policy-values.js";
import { promptOrigin } from "../prompt-origin.js";
import type { Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";

/**
 * Where nothing says which prompt that was, the user is told what is taken for it. Problems (`isSampled` false) had none.
 * @throws as `promptOrigin`
 */
export async function inputPrompt(
  path: string,
  values: Parameters<typeof promptSettings>[0] & { quiet: boolean },
  surroundings: Surroundings,
  { isSampled = true }: { isSampled?: boolean } = {},
): Promise<PromptSettings> {
  const given = promptSettings(values);
  const isGiven = Object.values(given).some((value) => value !== undefined);
  const origin = await promptOrigin(path);
  if (!origin && isSampled) {
    const taken = isGiven ? "those of the flags" : "the defaults (--system, --instruction, --prompt-template)";
    const text = `no manifest beside ${path} says which prompt its solutions were sampled with: the prompt's settings are ${taken}`;
    note(text, values, surroundings);
  }
  if (isGiven) return given;
  if (!origin || Object.values(origin.prompt).every((value) => value === undefined)) return given;
  note(`the prompt's settings are those of ${origin.manifest}`, values, surroundings);
  return origin.prompt;
}
