/**
 * Reference ids made by other programs. `byte-level-gguf.json`: llama.cpp's ids for one byte-level vocabulary under each
 * pre-tokenizer (tekken and gpt-4o: those of the Rust tokenizers library with the families' own patterns, which differ
 * from llama.cpp's in combining marks). `sentencepiece-gguf.json`: sentencepiece's ids for a BPE model with byte fallback.
 */
import { readFileSync } from "node:fs";
import type { GgufMetadata } from "../../../src/text/gguf-tokenizer.js";

interface Fixture<Ids> {
  metadata: Record<string, unknown>;
  texts: string[];
  ids: Ids;
}

function read<Ids>(name: string): Fixture<Ids> {
  return JSON.parse(readFileSync(new URL(`../../../../test/fixtures/text/${name}`, import.meta.url), "utf8"));
}

export const byteLevel = read<Record<string, number[][]>>("byte-level-gguf.json");
export const sentencepiece = read<number[][]>("sentencepiece-gguf.json");

export function byteLevelMetadata(pre: string, more: Record<string, unknown> = {}): GgufMetadata {
  return new Map(Object.entries({ ...byteLevel.metadata, "tokenizer.ggml.pre": pre, ...more }));
}

export function sentencepieceMetadata(more: Record<string, unknown> = {}): GgufMetadata {
  return new Map(Object.entries({ ...sentencepiece.metadata, ...more }));
}
