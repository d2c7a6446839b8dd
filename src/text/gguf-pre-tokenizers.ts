/**
 * How text is cut into words before byte-level BPE, by the name that a GGUF file keeps in `tokenizer.ggml.pre`. A file
 * holds only the name; the patterns are those of each family's own tokenizer.json (verify with the family's, not by eye).
 * Each pattern in turn isolates its matches within the pieces of the one before.
 */
import { gpt2Pattern } from "./exact-pre-tokenizer.js";

export interface GgufPreTokenizer {
  patterns: readonly string[];
  /** A word that is a token as a whole is that token, whatever the merges give. */
  ignoreMerges?: boolean;
  /** What `tokenizer.ggml.add_bos_token` defaults to. */
  addBos?: boolean;
}

const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const punctuationAndSpace = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/** Words with one leading mark; numbers as `digits` says. */
const modernPattern = (digits: string) =>
  `${contraction}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}|${punctuationAndSpace}`;

/** Words end where small letters are followed by capitals. */
const casedPattern = (digits: string, suffix: string) => {
  const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  const lead = "[^\\r\\n\\p{L}\\p{N}]?";
  return (
    `${lead}${upper}*${lower}+${suffix}|${lead}${upper}+${lower}*${suffix}|${digits}` +
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  );
};

const gpt2: GgufPreTokenizer = { patterns: [gpt2Pattern] };
const digitThenGpt2: GgufPreTokenizer = { patterns: ["\\p{N}", gpt2Pattern] };
const llama3: GgufPreTokenizer = { patterns: [modernPattern("\\p{N}{1,3}")], ignoreMerges: true, addBos: true };
const threeDigits: GgufPreTokenizer = { patterns: [modernPattern("\\p{N}{1,3}")] };
const qwen2: GgufPreTokenizer = { patterns: [modernPattern("\\p{N}")] };
const qwen35: GgufPreTokenizer = {
  patterns: [
    `${contraction}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}` +
      "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
};
const tekken: GgufPreTokenizer = { patterns: [casedPattern("\\p{N}", "")], ignoreMerges: true, addBos: true };
const gpt4o: GgufPreTokenizer = { patterns: [casedPattern("\\p{N}{1,3}", `${contraction}?`)] };
const deepseek3: GgufPreTokenizer = {
  patterns: [
    "\\p{N}{1,3}",
    "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+" +
      "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
};
const falcon: GgufPreTokenizer = {
  patterns: ["[\\p{P}\\$\\+<=>\\^~\\|`]+", gpt2Pattern, "[0-9][0-9][0-9]"],
};
/** What files without a name were made for. */
const unnamed: GgufPreTokenizer = {
  patterns: ["[\\p{P}\\$\\+<=>\\^~\\|]+", gpt2Pattern, "\\p{N}+", "[0-9][0-9][0-9]"],
};

export const ggufPreTokenizers: ReadonlyMap<string, GgufPreTokenizer> = new Map([
  ["default", unnamed],
  ["gpt-2", gpt2],
  ["phi-2", gpt2],
  ["mpt", gpt2],
  ["olmo", gpt2],
  ["jais", gpt2],
  ["trillion", gpt2],
  ["granite-docling", gpt2],
  ["gigachat", gpt2],
  ["exaone4", gpt2],
  ["a.x-4.0", gpt2],
  ["mellum", gpt2],
  ["smollm", digitThenGpt2],
  ["starcoder", digitThenGpt2],
  ["refact", digitThenGpt2],
  ["command-r", digitThenGpt2],
  ["codeshell", digitThenGpt2],
  ["exaone", digitThenGpt2],
  ["minerva-7b", digitThenGpt2],
  ["llama-bpe", llama3],
  ["llama3", llama3],
  ["llama-v3", llama3],
  ["falcon3", llama3],
  ["falcon-h1", llama3],
  ["pixtral", llama3],
  ["midm-2.0", llama3],
  ["lfm2", llama3],
  ["dbrx", threeDigits],
  ["smaug-bpe", threeDigits],
  ["glm4", threeDigits],
  ["chatglm-bpe", threeDigits],
  ["qwen2", qwen2],
  ["deepseek-r1-qwen", qwen2],
  ["kormo", qwen2],
  ["megrez", qwen2],
  ["stablelm2", qwen2],
  ["hunyuan", qwen2],
  ["solar-open", qwen2],
  ["grok-2", qwen2],
  ["qwen35", qwen35],
  ["tekken", tekken],
  ["gpt-4o", gpt4o],
  ["llama4", gpt4o],
  ["kanana2", gpt4o],
  ["deepseek-v3", deepseek3],
  ["hunyuan-dense", deepseek3],
  ["falcon", falcon],
]);
