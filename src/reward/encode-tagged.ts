/**
 * Text that somebody else rendered for the model, step tags and all, as clients of other servers send it: it is read as it
 * stands, and a score is read at every tag. What follows the last tag is left out, because no score sees it.
 */
import { failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import { tokenEndsInText } from "../text/align-steps.js";
import { utf8Encode, wellFormed } from "../text/bytes.js";
import { alignEnds } from "../text/cut-solution.js";
import type { TextModel } from "../text/text-model.js";
import type { Convention, TokenText } from "./convention.js";
import { encodeAfter } from "./encode-pieces.js";
import { type EncodedSteps, insertTags } from "./encode-steps.js";

function tagOf(convention: Convention): TokenText {
  if (convention.kind !== "chat") return convention.tag;
  return failArgument("the convention", "one with a step tag for text that has its steps marked", convention.kind);
}

function failUntagged({ text }: TokenText): never {
  const tag = JSON.stringify(text);
  throw new ErprmError("ERPRM_INVALID_DATA", `Expected the step tag ${tag} after every step, found none`, {
    tag: text,
  });
}

/**
 * The tags go in as token ids and the text between them as it would be encoded in scoring; BOS in front where the tokenizer
 * wants it and the text has none.
 * @throws ERPRM_INVALID_DATA for a text without a tag, or one that the tokenizer does not keep
 * @throws ERPRM_INVALID_ARGUMENT for a model that is asked in a chat and has no tag
 */
export function encodeTagged(
  { tokenizer, encodePrompt }: TextModel,
  text: string,
  convention: Convention,
): EncodedSteps {
  const tag = tagOf(convention);
  const form = tokenizer.unicodeForm;
  const read = form === undefined ? wellFormed(text) : wellFormed(text).normalize(form);
  const pieces = read.split(tag.text).slice(0, -1);
  if (pieces.length === 0) failUntagged(tag);
  if (convention.kind !== "chat" && convention.layout !== undefined) {
    const encoded = pieces.map((piece, t) => (t === 0 ? encodePrompt(piece) : encodeAfter(tokenizer, tag, piece)));
    return insertTags(encoded, tag);
  }
  // A model of ours: the text was encoded without its tags, which stand at token ends.
  const whole = pieces.join("");
  const bytes = utf8Encode(whole);
  const tokenIds = encodePrompt(whole);
  let length = 0;
  const ends = pieces.slice(0, -1).map((piece) => {
    length += Buffer.byteLength(piece);
    return length;
  });
  const { counts } = alignEnds(ends, tokenEndsInText(tokenIds, bytes, tokenizer), bytes);
  let start = 0;
  const encoded = [...counts, tokenIds.length].map((end) => {
    const piece = tokenIds.subarray(start, end);
    start = end;
    return piece;
  });
  return insertTags(encoded, tag);
}

/**
 * The same for tokens: they are taken as they are, without what follows the last tag.
 * @throws ERPRM_INVALID_DATA for tokens without a tag, ERPRM_INVALID_ARGUMENT for a model that is asked in a chat
 */
export function taggedTokens(tokenIds: Int32Array, convention: Convention): EncodedSteps {
  const tag = tagOf(convention);
  const positions: number[] = [];
  for (let start = 0; start + tag.tokenIds.length <= tokenIds.length; start += 1) {
    if (!tag.tokenIds.every((id, i) => tokenIds[start + i] === id)) continue;
    start += tag.tokenIds.length - 1;
    positions.push(start);
  }
  if (positions.length === 0) failUntagged(tag);
  return {
    tokenIds: tokenIds.subarray(0, (positions.at(-1) as number) + 1),
    positions: Int32Array.from(positions),
  };
}
