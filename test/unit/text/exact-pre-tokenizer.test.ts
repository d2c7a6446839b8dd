import test from "ava";
import { createTokenizer } from "../../../src/text/tokenizer.js";
import type { TokenizerPart } from "../../../src/text/tokenizer-json.js";
import { byteLevel } from "./fixtures.js";

/** The 256 byte tokens (ids 0 to 255) and one merge of the characters of the byte alphabet. */
function tokenizerWith(preTokenizer: TokenizerPart, left: string, right: string) {
  const bytes = (byteLevel.metadata["tokenizer.ggml.tokens"] as string[]).slice(0, 256);
  const vocab = Object.fromEntries([...bytes, left + right].map((token, id) => [token, id]));
  const model = { type: "BPE", vocab, merges: [[left, right]] };
  return createTokenizer({ pre_tokenizer: preTokenizer, decoder: { type: "ByteLevel" }, model }, "x");
}

const withPattern = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const withoutPattern = { ...withPattern, use_regex: false };

test("Digits sets every numeric character apart, not only the ASCII ones", async (t) => {
  for (const individual_digits of [true, false]) {
    const pretokenizers = [{ type: "Digits", individual_digits }, withoutPattern];
    // The last byte of a superscript two, and the letter after it.
    const tokenizer = await tokenizerWith({ type: "Sequence", pretokenizers }, "\u00B2", "a");
    t.is(tokenizer.encode("\u00B2a").length, 3);
  }
});

test("Digits keeps runs of digits together unless they are individual", async (t) => {
  const length = async (individual_digits: boolean) => {
    const pretokenizers = [{ type: "Digits", individual_digits }, withoutPattern];
    return (await tokenizerWith({ type: "Sequence", pretokenizers }, "1", "2")).encode("12").length;
  };
  t.is(await length(true), 2);
  t.is(await length(false), 1);
});

test("in ByteLevel's pattern U+0085 is white space and U+FEFF is not", async (t) => {
  const nextLine = await tokenizerWith(withPattern, "!", "\u00C2");
  t.is(nextLine.encode("!\u0085").length, 3);
  const byteOrderMark = await tokenizerWith(withPattern, "!", "\u00EF");
  t.is(byteOrderMark.encode("!\uFEFF").length, 3);
  t.is(byteOrderMark.encode("! \uFEFF").length, 5);
});
