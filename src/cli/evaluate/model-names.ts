/** How the models of an evaluation are told apart: `NAME=PATH`, or a path whose last part is the name. */
import { basename } from "node:path";
import { ErprmError } from "../../errors.js";

export interface NamedPath {
  name: string;
  path: string;
}

/** What may stand before the first `=`: no slash, so that `./a=b` is a path. */
const given = /^([\w.+-]{1,64})=(.+)$/s;

/**
 * The text's name and path. Without a name it is the last part of the path that tells something: of `runs/prm` and
 * `runs/prm/scores.jsonl` it is `prm`.
 */
export function namedPath(text: string): NamedPath {
  const [, name, path] = given.exec(text) ?? [];
  if (name !== undefined && path !== undefined) return { name, path };
  const parts = text.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  const isScores = /^scores\.(jsonl|json|parquet)/.test(parts.at(-1) ?? "") && parts.length > 1;
  const last = basename((isScores ? parts.at(-2) : parts.at(-1)) ?? "");
  const plain = last.replace(/\.(jsonl|json|ndjson|parquet|gguf)(\.gz|\.zst)?$/, "").replace(/[^\w.+-]+/g, "-");
  // An evaluation calls its own files of scores so.
  return { name: plain.replace(/^scores-(?=.)/, "").slice(0, 64) || "model", path: text };
}

/** @throws ERPRM_INVALID_ARGUMENT for a repeated name */
export function expectUniqueNames(named: readonly NamedPath[], what: string, flag: string): void {
  for (const [i, { name, path }] of named.entries()) {
    const earlier = named.slice(0, i).find((other) => other.name === name);
    if (!earlier) continue;
    const message = `Expected the names of ${what} to be unique, received ${name} for ${earlier.path} and for ${path}; ${flag} NAME=PATH gives another name`;
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: flag, received: name });
  }
}
