/**
 * What a file holds, told by its name: records as lines, as a JSON array or as a Parquet table, compressed or not.
 */
import { basename } from "node:path";
import { failArgument } from "../check.js";

export interface FileType {
  layout: "jsonl" | "json" | "parquet";
  compression: "none" | "gzip" | "zstd";
}

const compressions = { "": "none", ".gz": "gzip", ".zst": "zstd" } as const;
const pattern = /\.(?:(?<table>parquet)|(?<layout>jsonl|ndjson|json)(?<compression>\.gz|\.zst)?)$/i;

/** @throws ERPRM_INVALID_ARGUMENT when the name ends in none of .jsonl, .json, .parquet (.jsonl and .json also with .gz or .zst). */
export function fileTypeOf(path: string): FileType {
  const groups = pattern.exec(basename(path))?.groups;
  if (!groups) failArgument("the file name", "one ending in .jsonl, .json, .parquet, .jsonl.gz or .jsonl.zst", path);
  if (groups.table) return { layout: "parquet", compression: "none" };
  return {
    layout: groups.layout?.toLowerCase() === "json" ? "json" : "jsonl",
    compression: compressions[(groups.compression ?? "").toLowerCase() as keyof typeof compressions],
  };
}

/** The file's name without directories and the endings above: `data/gsm8k_test.jsonl.gz` -> `gsm8k_test`. */
export function fileStemOf(path: string): string {
  return basename(path).replace(pattern, "");
}
