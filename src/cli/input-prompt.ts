/** The prompt that a file's solutions were sampled with: what the flags say, else what the file's own run says. */
import type { PromptSettings } from "../text/prompt.js";
import { promptSettings } from "./policy-values.js";
import { promptOrigin } from "./prompt-origin.js";
import type { Surroundings } from "./stage-command.js";
import { note } from "./with-run.js";

/** @throws as `promptOrigin` */
export async function inputPrompt(
  path: string,
  values: Parameters<typeof promptSettings>[0] & { quiet: boolean },
  surroundings: Surroundings,
): Promise<PromptSettings> {
  const given = promptSettings(values);
  if (Object.values(given).some((value) => value !== undefined)) return given;
  const origin = await promptOrigin(path);
  if (!origin || Object.values(origin.prompt).every((value) => value === undefined)) return given;
  note(`the prompt's settings are those of ${origin.manifest}`, values, surroundings);
  return origin.prompt;
}
