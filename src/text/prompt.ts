/**
 * The prompt of a question: everything in front of the solution. It ends where the assistant's turn opens, so that a
 * completion of prompt + part of a solution goes on in the same turn.
 */
import { failArgument } from "../check.js";
import type { ChatTemplate, Message } from "./chat-template.js";

/** Appended to the question on a line of its own, where nothing else is asked for. */
export const defaultInstruction = "Please reason step by step, and put your final answer within \\boxed{}.";

/** For models without a chat template. The solution starts with the space that follows a colon in running text. */
export const plainTemplate = "Question: {question}\nAnswer:";

export interface PromptOptions {
  question: string;
  /** A system message; with a plain template it stands in front, followed by a blank line. */
  system?: string;
  /**
   * A plain template with `{question}` in it, instead of the model's chat template. Its author decides about every
   * word: no instruction is added unless `instruction` is given too.
   */
  template?: string;
  /** Appended to the question; "" for none. Default `defaultInstruction` (with `template`: none). */
  instruction?: string;
  /** Read by the chat template, for example `{ enable_thinking: false }`. */
  variables?: Record<string, unknown>;
}

/** What a user says of the prompt, to be recorded with what was made from it; what is absent is left to the model. */
export interface PromptSettings {
  system?: string | undefined;
  /** Appended to the question; "" for none. */
  instruction?: string | undefined;
  /** A plain template with `{question}` in it, instead of the model's chat template. */
  template?: string | undefined;
}

/**
 * @throws ERPRM_INVALID_ARGUMENT for a template without `{question}`
 * @throws ERPRM_INVALID_DATA when the chat template fails
 */
export function renderPrompt(chatTemplate: ChatTemplate | undefined, options: PromptOptions): string {
  const { system, template, variables } = options;
  const instruction = options.instruction ?? (template === undefined ? defaultInstruction : "");
  const question = instruction === "" ? options.question : `${options.question}\n${instruction}`;
  if (template === undefined && chatTemplate !== undefined) {
    const messages: Message[] = [{ role: "user", content: question }];
    if (system !== undefined) messages.unshift({ role: "system", content: system });
    return chatTemplate.render(messages, { addGenerationPrompt: true, ...(variables && { variables }) });
  }
  const plain = template ?? plainTemplate;
  if (!plain.includes("{question}")) return failArgument("--prompt-template", "a text with {question} in it", plain);
  return (system === undefined ? "" : `${system}\n\n`) + plain.replaceAll("{question}", () => question);
}
