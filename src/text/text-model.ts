/**
 * The text side of a model, whatever it was loaded from: its tokenizer, how a question becomes a prompt, and which
 * tokens end a completion.
 */
import { ErprmError } from "../errors.js";
import { ChatTemplate, chatTemplateSource, type Message, type RenderOptions } from "./chat-template.js";
import { bosPostProcessor, type GgufMetadata, ggufSpecialIds, tokenizerJsonFromGguf } from "./gguf-tokenizer.js";
import { type PromptOptions, renderPrompt } from "./prompt.js";
import { readJsonObject, readText } from "./read-json.js";
import { createTokenizer, type Tokenizer } from "./tokenizer.js";
import { checkTokenizerJson, isObject } from "./tokenizer-json.js";

/** Where the text side of a model lies: GGUF metadata, or the files of a Hugging Face directory. */
export interface TextSource {
  /** `gguf` takes everything from `ggufMetadata`; any other kind from the paths. */
  kind: string;
  /** How messages name the model: its directory or file. */
  path?: string;
  tokenizerPath?: string;
  tokenizerConfigPath?: string;
  generationConfigPath?: string;
  chatTemplatePath?: string;
  ggufMetadata?: GgufMetadata;
  /** End tokens that the model's config names, beside those found here. */
  eosTokenIds?: readonly number[];
}

/** The tokenizer of a model that may also know how conversations are written. */
export interface ChatTokenizer extends Tokenizer {
  /**
   * The conversation as the model's chat template writes it, ending where the assistant's turn opens unless
   * `addGenerationPrompt` is false.
   * @throws ERPRM_INVALID_DATA for a model without a chat template, and for messages that its template refuses
   */
  applyChatTemplate(messages: readonly Message[], options?: Partial<RenderOptions>): string;
}

export interface TextModel {
  readonly tokenizer: ChatTokenizer;
  /** Ends where the assistant's turn opens; the solution follows without anything between. */
  renderPrompt(options: PromptOptions): string;
  /** The tokens of a prompt, or of a prompt and what follows it; BOS in front once, where the tokenizer wants it. */
  encodePrompt(text: string): Int32Array;
  /** The tokens that end a completion, ascending. */
  readonly stopTokenIds: number[];
  /** The one that closes a solution: the end of the assistant's turn, without a chat template the end of the text; absent when nothing names it. */
  readonly endTokenId?: number;
  readonly bosId?: number;
  /** False: prompts are rendered with the plain template. */
  readonly hasChatTemplate: boolean;
}

interface Parts {
  tokenizer: Tokenizer;
  bosId: number | undefined;
  stopTokenIds: Set<number>;
  /** The end of a text. */
  eosId: number | undefined;
  /** `bos_token` and the like, by the names templates know them by. */
  tokenVariables: Record<string, string>;
  template: ChatTemplate | undefined;
}

/** The end of the assistant's turn: the first special token after the assistant's words. */
function turnEnd({ template, tokenizer, tokenVariables }: Parts): number | undefined {
  if (template === undefined) return undefined;
  const words = "erprm assistant words";
  const messages = [
    { role: "user", content: "question" },
    { role: "assistant", content: words },
  ] as const;
  let text: string;
  try {
    text = template.render(messages, { addGenerationPrompt: false, variables: tokenVariables });
  } catch {
    // A template for single questions may refuse a finished turn; it renders prompts all the same.
    return undefined;
  }
  const at = text.lastIndexOf(words);
  if (at < 0) return undefined;
  const ids = tokenizer.encode(text.slice(at + words.length), { addSpecialTokens: false });
  return ids.find((id) => tokenizer.isSpecial(id));
}

async function partsFromGguf(metadata: GgufMetadata, file: string): Promise<Parts> {
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(metadata, file), file);
  const { bos, eos, endOfTurn, endOfMessage } = ggufSpecialIds(metadata, file);
  const source = chatTemplateSource(metadata.get("tokenizer.chat_template"), file);
  const tokenVariables: Record<string, string> = {};
  if (bos !== undefined) tokenVariables.bos_token = tokenizer.idToToken(bos) as string;
  if (eos !== undefined) tokenVariables.eos_token = tokenizer.idToToken(eos) as string;
  return {
    tokenizer,
    bosId: bos,
    eosId: eos,
    stopTokenIds: new Set([eos, endOfTurn, endOfMessage].filter((id) => id !== undefined)),
    tokenVariables,
    template: source === undefined ? undefined : new ChatTemplate(source, file),
  };
}

/** The text of `bos_token` and its kin: a string, or an object with its content. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return isObject(value) && typeof value.content === "string" ? value.content : undefined;
}

async function partsFromFiles(source: TextSource): Promise<Parts> {
  const { tokenizerPath } = source;
  if (tokenizerPath === undefined) {
    throw new ErprmError(
      "ERPRM_NOT_FOUND",
      `Expected a tokenizer.json beside the model, found none in ${source.path ?? "the model's directory"}`,
      { path: source.path },
    );
  }
  const config = source.tokenizerConfigPath === undefined ? {} : await readJsonObject(source.tokenizerConfigPath);
  const json = checkTokenizerJson(await readJsonObject(tokenizerPath), tokenizerPath);
  const tokenVariables: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    const text = name.endsWith("_token") ? tokenText(value) : undefined;
    if (text !== undefined) tokenVariables[name] = text;
  }
  const idOf = (token: string | undefined): number | undefined => {
    if (token === undefined) return undefined;
    const added = json.added_tokens.find((entry) => entry.content === token)?.id;
    return added ?? (Array.isArray(json.model.vocab) ? undefined : json.model.vocab[token]);
  };
  const bosId = idOf(tokenVariables.bos_token);
  // transformers lets an explicit add_bos_token overrule the file's post-processor.
  if (typeof config.add_bos_token === "boolean") {
    const wanted = config.add_bos_token && bosId !== undefined;
    json.post_processor = wanted ? bosPostProcessor(tokenVariables.bos_token as string, bosId) : null;
  }
  const tokenizer = await createTokenizer(json, tokenizerPath);

  const generation = source.generationConfigPath === undefined ? {} : await readJsonObject(source.generationConfigPath);
  const stops: unknown[] = [idOf(tokenVariables.eos_token), generation.eos_token_id].flat();
  let template: ChatTemplate | undefined;
  if (source.chatTemplatePath !== undefined) {
    template = new ChatTemplate(await readText(source.chatTemplatePath), source.chatTemplatePath);
  } else {
    const file = source.tokenizerConfigPath ?? tokenizerPath;
    const inConfig = chatTemplateSource(config.chat_template, file);
    if (inConfig !== undefined) template = new ChatTemplate(inConfig, file);
  }
  return {
    tokenizer,
    bosId,
    eosId: idOf(tokenVariables.eos_token),
    // Some files name end tokens of a larger relative.
    stopTokenIds: new Set(
      stops.filter((id): id is number => Number.isInteger(id) && (id as number) < tokenizer.vocabularySize),
    ),
    tokenVariables,
    template,
  };
}

function encodeWithBos(tokenizer: Tokenizer, text: string): Int32Array {
  const bare = tokenizer.encode(text, { addSpecialTokens: false });
  const before = tokenizer.specialTokensBefore;
  if (before.length === 0 || before.every((id, index) => bare[index] === id)) return bare;
  return Int32Array.from([...before, ...bare]);
}

/**
 * @throws ERPRM_NOT_FOUND for a model without a tokenizer
 * @throws ERPRM_INVALID_DATA for a broken tokenizer or chat template, naming the file
 * @throws ERPRM_IO
 */
export async function loadText(source: TextSource): Promise<TextModel> {
  const parts =
    source.ggufMetadata === undefined
      ? await partsFromFiles(source)
      : await partsFromGguf(source.ggufMetadata, source.path ?? "the GGUF file");
  const { tokenizer, bosId, tokenVariables, template } = parts;
  const stops = new Set([...parts.stopTokenIds, ...(source.eosTokenIds ?? [])]);
  const end = turnEnd(parts);
  if (end !== undefined) stops.add(end);
  const endTokenId = end ?? parts.eosId ?? (stops.size === 1 ? [...stops][0] : undefined);
  const applyChatTemplate = (messages: readonly Message[], options: Partial<RenderOptions> = {}): string => {
    const { addGenerationPrompt = true, variables } = options;
    if (template !== undefined)
      return template.render(messages, { addGenerationPrompt, variables: { ...tokenVariables, ...variables } });
    const model = source.path ?? "the model";
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected a chat template with ${model}, found none`, { path: model });
  };
  return {
    tokenizer: Object.assign(tokenizer, { applyChatTemplate }),
    renderPrompt: (options) =>
      renderPrompt(template, { ...options, variables: { ...tokenVariables, ...options.variables } }),
    encodePrompt: (text) => encodeWithBos(tokenizer, text),
    stopTokenIds: [...stops].sort((a, b) => a - b),
    ...(endTokenId !== undefined && { endTokenId }),
    ...(bosId !== undefined && { bosId }),
    hasChatTemplate: template !== undefined,
  };
}
