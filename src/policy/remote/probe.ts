/**
 * What a server can do, found out before any work: whether it goes on with the text it is given and nothing else, whether the
 * tokenizer that is used here is its own, whether it samples at all, and which parts of the interface it knows.
 *
 * A server that puts a chat template around its prompts counts more tokens than the prompt has: a prompt of one character is
 * at most three (a begin token, the mark of a word, the character). One that counts nothing has to show it: "..., 19, 2" goes
 * on with figures, not with words about them.
 */
import { ErprmError } from "../../errors.js";
import type { TextModel } from "../../text/text-model.js";
import type { Sampling } from "../sampling.js";
import type { Capabilities } from "./capabilities.js";
import { requestBody } from "./completion-request.js";
import { type Choice, type CompletionResponse, readCompletions } from "./completion-response.js";

export interface ProbedServer {
  url: string;
  model: string;
  isSglang: boolean;
  /** `POST /completions`, asked again where `read` finds a fault in the answer. */
  complete<T>(body: Record<string, unknown>, read: (answer: unknown) => T): Promise<T>;
}

export interface ProbeResult {
  capabilities: Capabilities;
  /** The model, as completions name it. */
  model: string | undefined;
}

const oneCharacter = "1";
const mostTokensOfOneCharacter = 3;
const counting = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2";
/** Long enough that another tokenizer cuts it otherwise. */
const passage =
  "Question: Each of 4 friends brings 12 peaches; they eat 9.\nAnswer: 4 * 12 = 48 peaches, so 48 - 9 = 39 remain.\nTherefore";

const greedy: Sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, maxTokens: 8, stop: [] };
/** Completions of one request, at most: what a lost answer costs. */
export const mostCompletions = 32;
const numAlone = 3;
/** So hot that no model writes twelve tokens three times alike. */
const hot: Sampling = { ...greedy, temperature: 2, maxTokens: 12 };

interface Question {
  prompt: string | readonly number[];
  sampling: Sampling;
  n?: number;
  seed?: number;
}

function failServer({ url, model }: ProbedServer, expected: string, received: string): never {
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected ${url} (${model}) to ${expected}, received ${received}`, {
    url,
    model,
    received,
  });
}

/** True for the error of a request that the server does not understand. */
function isRefusal(error: unknown): boolean {
  const status = error instanceof ErprmError ? error.details.status : undefined;
  return status === 400 || status === 415 || status === 422;
}

/** The same, or one that it breaks at. */
function isFailure(error: unknown): boolean {
  return isRefusal(error) || (error instanceof ErprmError && (error.details.status as number) >= 500);
}

/** As many choices as come. */
function asks(
  server: ProbedServer,
  { prompt, sampling, n = 1, seed = 1 }: Question,
  known: { extraFields: boolean; givesTokens?: boolean },
): Promise<CompletionResponse> {
  const request = { model: server.model, prompt, n, seed, sampling };
  const body = requestBody(request, { givesTokens: false, isSglang: server.isSglang, ...known });
  return server.complete(body, (answer) => {
    const choices = (answer as { choices?: unknown } | null)?.choices;
    const numChoices = Array.isArray(choices) && choices.length > 0 ? choices.length : n;
    return readCompletions(answer, numChoices, false);
  });
}

/** @throws ERPRM_INVALID_ARGUMENT for a server that cannot continue a prefix, or has another tokenizer; ERPRM_IO; ERPRM_ABORTED */
export async function probeServer(server: ProbedServer, text: TextModel | undefined): Promise<ProbeResult> {
  const { response, extraFields } = await firstAnswer(server);
  const countsTokens = response.usage !== undefined;
  const known = { extraFields };
  await expectContinuation(server, response, known);
  const tokens = text ? await probeTokens(server, text, known) : { takesTokens: false, givesTokens: false };
  const sampling = await probeSampling(server, known);
  const { isSglang } = server;
  return { capabilities: { ...tokens, ...sampling, extraFields, countsTokens, isSglang }, model: response.model };
}

async function firstAnswer(server: ProbedServer): Promise<{ response: CompletionResponse; extraFields: boolean }> {
  const question = { prompt: oneCharacter, sampling: greedy };
  try {
    const response = await asks(server, question, { extraFields: true });
    return { response, extraFields: true };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const response = await asks(server, question, { extraFields: false });
    return { response, extraFields: false };
  }
}

async function expectContinuation(
  server: ProbedServer,
  { usage, choices }: CompletionResponse,
  known: { extraFields: boolean },
): Promise<void> {
  const wanted = "continue the prompt as it is, without a chat template around it";
  if (usage !== undefined) {
    if (usage.promptTokens <= mostTokensOfOneCharacter) return;
    const shown = JSON.stringify((choices[0] as Choice).text);
    failServer(server, wanted, `${usage.promptTokens} prompt tokens for one character, and the text ${shown}`);
  }
  const { choices: counted } = await asks(server, { prompt: counting, sampling: greedy }, known);
  const { text } = counted[0] as Choice;
  if (!/^\s*[0-9,.]/.test(text))
    failServer(server, wanted, `${JSON.stringify(text)} after ${JSON.stringify(counting)}`);
}

/** Whether prompts may be token ids, and completions are; whether they are of the same tokenizer. */
async function probeTokens(
  server: ProbedServer,
  text: TextModel,
  known: { extraFields: boolean },
): Promise<Pick<Capabilities, "takesTokens" | "givesTokens">> {
  const ids = text.encodePrompt(passage);
  const own = { ...known, givesTokens: true };
  const asText = await asks(server, { prompt: passage, sampling: greedy }, own);
  expectOwnTokens(server, text, asText, ids.length);
  let asIds: CompletionResponse;
  try {
    asIds = await asks(server, { prompt: [...ids], sampling: greedy }, own);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { takesTokens: false, givesTokens: (asText.choices[0] as Choice).tokenIds !== undefined };
  }
  expectOwnTokens(server, text, asIds, ids.length);
  return { takesTokens: true, givesTokens: (asIds.choices[0] as Choice).tokenIds !== undefined };
}

function expectOwnTokens(
  server: ProbedServer,
  text: TextModel,
  { usage, choices }: CompletionResponse,
  numTokens: number,
): void {
  const wanted = "have the tokenizer of --tokenizer";
  if (usage !== undefined && usage.promptTokens !== numTokens) {
    failServer(server, wanted, `${usage.promptTokens} prompt tokens where it makes ${numTokens}`);
  }
  const { tokenIds, text: said } = choices[0] as Choice;
  if (tokenIds === undefined) return;
  const read = text.tokenizer.decode(tokenIds, { skipSpecialTokens: true });
  // The last character may be cut; servers differ in what they make of a space in front.
  const whole = (value: string) => value.split("\uFFFD")[0]?.trim() ?? "";
  if (!whole(read).startsWith(whole(said)) && !whole(said).startsWith(whole(read))) {
    failServer(server, wanted, `token ids of ${JSON.stringify(read)} beside the text ${JSON.stringify(said)}`);
  }
}

/** How many completions of one prompt come at a time, that are not one completion many times; whether other seeds bring other ones. */
async function probeSampling(
  server: ProbedServer,
  known: { extraFields: boolean },
): Promise<Pick<Capabilities, "maxCompletions" | "samples">> {
  for (let n = mostCompletions; n > 1; n = Math.floor(n / 2)) {
    const together = { prompt: passage, sampling: hot, n };
    let choices = await choicesOf(server, together, known);
    // It may have been an accident; asking for less costs every request.
    if (choices.length > 0 && choices.length < n) choices = await choicesOf(server, together, known);
    if (choices.length === n && areSeveral(choices)) return { maxCompletions: n, samples: true };
    if (choices.length === n || choices.length === 1) break;
  }
  const alone = Array.from({ length: numAlone }, (_, i) => ({ prompt: passage, sampling: hot, seed: i + 1 }));
  const answers = await Promise.all(alone.map((question) => asks(server, question, known)));
  return { maxCompletions: 1, samples: areSeveral(answers.flatMap(({ choices }) => choices)) };
}

/** None from a server that breaks at the question. */
async function choicesOf(server: ProbedServer, question: Question, known: { extraFields: boolean }): Promise<Choice[]> {
  try {
    return (await asks(server, question, known)).choices;
  } catch (error) {
    if (isFailure(error)) return [];
    throw error;
  }
}

function areSeveral(choices: readonly Choice[]): boolean {
  return new Set(choices.map(({ text }) => text)).size > 1;
}
