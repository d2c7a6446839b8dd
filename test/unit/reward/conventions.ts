/** Models and conventions that the reward tests share: real tokenizers, and chat templates of the families. */
import type { Convention, TokenText } from "../../../src/reward/convention.js";
import { loadText, type TextModel } from "../../../src/text/text-model.js";
import { byteLevelMetadata, sentencepieceMetadata } from "../text/fixtures.js";

const template = (source: string) => ({ "tokenizer.chat_template": source });

/** ChatML, as Qwen and SmolLM write it. */
export const chatMl = `{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

/** Mistral's shape: turns in brackets, no line ends between them. */
export const brackets = `{% for message in messages %}{% if message.role == "user" %}[INST] {{ message.content }} [/INST]{% else %} {{ message.content }}</s>{% endif %}{% endfor %}`;

export const smollm = await loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm") });
export const smollmChat = await loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm", template(chatMl)) });
export const llama = await loadText({ kind: "gguf", ggufMetadata: sentencepieceMetadata() });
export const llamaChat = await loadText({ kind: "gguf", ggufMetadata: sentencepieceMetadata(template(brackets)) });

export function chatModel(source: string): Promise<TextModel> {
  return loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm", template(source)) });
}

/** Ids as the tokenizer gives them for a text, nothing around it. */
export function idsOf({ tokenizer }: TextModel, text: string): number[] {
  return [...tokenizer.encode(text, { addSpecialTokens: false })];
}

export function tokenText(tokenIds: number[], text: string): TokenText {
  return { text, tokenIds };
}

export const noInstruction = { template: "{question} " };

export function stepTag(tag: TokenText, more: Partial<Convention> = {}): Convention {
  const candidates = { positive: tokenText([10], "+"), negative: tokenText([12], "-") };
  return { kind: "step-tag", prompt: noInstruction, tag, candidates, ...more } as Convention;
}
