/**
 * The official native `tokenizers` package, when the user has installed it: the same ids, several times faster on many
 * texts. It is an optional peer, never a dependency. Ids may not depend on what is installed, so it is used only after it
 * has given the ids of the JavaScript library on a set of awkward texts.
 */
import type { TokenizerJson } from "./tokenizer-json.js";

/** Encodes many texts at once, without special tokens. */
export type BatchEncoder = (texts: string[]) => Promise<Int32Array[]>;

interface NativeEncoding {
  getIds(): number[];
}

interface NativeTokenizers {
  Tokenizer: {
    fromString(json: string): {
      encodeBatch(texts: string[], options: { addSpecialTokens: boolean }): Promise<NativeEncoding[]>;
    };
  };
}

const awkwardTexts = [
  "The answer is 18.",
  "It's 1,234,567.89 + 3/4 = \\boxed{12}, isn't it?",
  "a  b   c\n\n  d\t\te\r\n",
  "\u{1F468}\u200D\u{1F469}\u200D\u{1F467} \u0438\u043A\u0438 \u4E2D\u6587 e\u0301 \u00BD\u0663",
  "\u0000\uFEFF\u0085\u00A0end",
  `\uFFFD${"x".repeat(50)}`,
];

async function importNative(specifier: string): Promise<NativeTokenizers | undefined> {
  try {
    const module = (await import(specifier)) as NativeTokenizers & { default?: NativeTokenizers };
    return module.Tokenizer === undefined ? module.default : module;
  } catch {
    return undefined; // Not installed, or not for this machine: both mean that it is not there to be used.
  }
}

/**
 * The batch encoder of the native package; undefined when the package cannot be imported, refuses the tokenizer or
 * disagrees with `encode` on any awkward text. `specifier` exists for tests.
 */
export async function nativeBatchEncoder(
  json: TokenizerJson,
  encode: (text: string) => Int32Array,
  specifier = "tokenizers",
): Promise<BatchEncoder | undefined> {
  const native = await importNative(specifier);
  if (native?.Tokenizer === undefined) return undefined;
  let tokenizer: ReturnType<NativeTokenizers["Tokenizer"]["fromString"]>;
  try {
    tokenizer = native.Tokenizer.fromString(JSON.stringify(json));
  } catch {
    return undefined; // A part that this build of the package does not know.
  }
  const batch: BatchEncoder = async (texts) => {
    const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
    return encodings.map((encoding) => Int32Array.from(encoding.getIds()));
  };
  const found = await batch(awkwardTexts);
  const agrees = awkwardTexts.every((text, index) => {
    const ids = found[index];
    const expected = encode(text);
    return ids?.length === expected.length && expected.every((id, position) => id === ids[position]);
  });
  return agrees ? batch : undefined;
}
