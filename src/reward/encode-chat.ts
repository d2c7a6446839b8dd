/**
 * The chat convention: each step is a user's turn (the first one behind the question), each answer the positive candidate.
 * The whole conversation is one sequence; the score of a step is read at the token in front of its answer, which has seen
 * the steps so far and the answers before it, as in the conversations these models were trained on.
 *
 * Where the answers stand is found by writing the conversation twice, with all answers positive and with all negative: the
 * tokens differ there and nowhere else, whatever the template puts around them.
 */
import { failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import type { Message } from "../text/chat-template.js";
import { defaultInstruction, type PromptSettings } from "../text/prompt.js";
import type { TextModel } from "../text/text-model.js";
import type { ChatConvention } from "./convention.js";
import type { EncodedSteps, StepEncoder, StepText } from "./encode-steps.js";

/** @throws ERPRM_INVALID_ARGUMENT for a model without a chat template, or a plain template in the convention */
export function chatEncoder(text: TextModel, convention: ChatConvention): StepEncoder {
  const { candidates, prompt } = convention;
  if (!text.hasChatTemplate) {
    failArgument("the model", "one with a chat template, which the chat convention writes its turns with,", "none");
  }
  if (prompt.template !== undefined) {
    failArgument("the prompt of a chat convention", "without a plain template", prompt.template);
  }
  const positiveId = candidates.positive.tokenIds[0] as number;
  const negativeId = candidates.negative.tokenIds[0] as number;
  const encodeWith = (turns: readonly string[], answer: string) => encodeConversation(text, turns, answer, prompt);

  return {
    encode(solution: StepText): EncodedSteps {
      const turns = userTurns(solution, prompt);
      const tokenIds = encodeWith(turns, candidates.positive.text);
      const other = encodeWith(turns, candidates.negative.text);
      const places = differences(tokenIds, other);
      const fits =
        places?.length === turns.length &&
        places.every((place) => place > 0 && tokenIds[place] === positiveId && other[place] === negativeId);
      if (!fits) failPlaces(places, turns.length, convention, text, tokenIds);
      expectPrefixes(text, turns, convention);
      return { tokenIds, positions: Int32Array.from(places, (place) => place - 1) };
    },
  };
}

/** The user's turns: the question with the first step, then a step each. */
function userTurns({ question, steps }: StepText, { instruction = defaultInstruction }: PromptSettings): string[] {
  if (steps.length === 0) failArgument("steps", "at least one step", "none");
  const asked = instruction === "" ? question : `${question}\n${instruction}`;
  return steps.map((step, t) => (t === 0 ? `${asked} ${step.trim()}` : step.trim()));
}

function conversation(turns: readonly string[], answer: string, { system }: PromptSettings): Message[] {
  const messages = turns.flatMap((content): Message[] => [
    { role: "user", content },
    { role: "assistant", content: answer },
  ]);
  return system === undefined ? messages : [{ role: "system", content: system }, ...messages];
}

/** The tokens of the conversation, the answer to every turn being `answer`. */
export function encodeConversation(
  text: TextModel,
  turns: readonly string[],
  answer: string,
  prompt: PromptSettings,
): Int32Array {
  return text.encodePrompt(render(text, conversation(turns, answer, prompt)));
}

function render(text: TextModel, messages: readonly Message[]): string {
  return text.tokenizer.applyChatTemplate(messages, { addGenerationPrompt: false });
}

/** Where two sequences of one length differ; undefined when their lengths do. */
export function differences(a: Int32Array, b: Int32Array): number[] | undefined {
  if (a.length !== b.length) return undefined;
  return Array.from(a.keys()).filter((index) => a[index] !== b[index]);
}

/**
 * A template may write a turn otherwise once others follow (some move the system message to the last turn). The score of a
 * step would then depend on the steps after it.
 */
function expectPrefixes(text: TextModel, turns: readonly string[], { candidates, prompt }: ChatConvention): void {
  const { positive, negative } = candidates;
  const whole = render(text, conversation(turns, positive.text, prompt));
  for (let t = 1; t < turns.length; t += 1) {
    const some = turns.slice(0, t);
    const part = render(text, conversation(some, positive.text, prompt));
    const end = commonLength(
      part,
      render(text, [
        ...conversation(some, positive.text, prompt).slice(0, -1),
        {
          role: "assistant",
          content: negative.text,
        },
      ]),
    );
    if (commonLength(part, whole) >= end) continue;
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected a chat template that writes the first ${t} steps alike whether others follow or not, received one that does not`,
      { field: "chat_template", step: t - 1 },
    );
  }
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function failPlaces(
  places: readonly number[] | undefined,
  numSteps: number,
  { candidates }: ChatConvention,
  { tokenizer }: TextModel,
  tokenIds: Int32Array,
): never {
  const { positive, negative } = candidates;
  const [first] = places ?? [];
  const id = first === undefined ? undefined : tokenIds[first];
  const found =
    places === undefined
      ? "other numbers of tokens for the two"
      : id === undefined
        ? "conversations that do not show the answers"
        : `${places.length} places, the first with token ${id} (${JSON.stringify(tokenizer.idToToken(id))})`;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected the chat template to write the answer of each of ${numSteps} steps as one token, ${JSON.stringify(positive.text)} as ${positive.tokenIds[0]} or ${JSON.stringify(negative.text)} as ${negative.tokenIds[0]}, found ${found}`,
    { field: "chat_template", received: id },
  );
}
