/**
 * `--config FILE.yaml`: the same names as the flags. Its schema is made from the command's options; messages say
 * FILE:LINE:COLUMN.
 */
import { readFile } from "node:fs/promises";
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { z } from "zod";
import { ErprmError } from "../errors.js";
import { parseByteSize } from "./byte-size.js";
import { expectation, isInBounds, type OptionSpec } from "./option.js";

function schemaOf({ kind }: OptionSpec): z.ZodType {
  const message = `Expected ${expectation(kind)}`;
  const checked = z.custom((value) => isInBounds(kind, value), message);
  switch (kind.type) {
    case "bytes":
      return z.preprocess((value) => (typeof value === "string" ? parseByteSize(value) : value), checked);
    case "numbers":
    case "texts":
    case "choices":
      return z.preprocess((value) => (Array.isArray(value) ? value : [value]), checked);
    default:
      return checked;
  }
}

/** The closest option name within two edits, for a misspelt key. */
function suggestion(key: string, names: readonly string[]): string {
  const close = names.filter((name) => distance(key, name) <= 2).sort((a, b) => distance(key, a) - distance(key, b))[0];
  return close === undefined ? "" : ` (did you mean ${close}?)`;
}

/** Edit distance (insert, delete, replace). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/**
 * The values that the file sets, by option name.
 * @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_DATA {file, line, column, field}: no YAML, an unknown or repeated key,
 * a value that the flag would not take.
 */
export async function readConfig(file: string, specs: readonly OptionSpec[]): Promise<Map<string, unknown>> {
  const text = await readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fail = (offset: number, message: string, field?: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new ErprmError("ERPRM_INVALID_DATA", `${file}:${line}:${col} ${message}`, { file, line, column: col, field });
  };
  const broken = document.errors[0];
  if (broken) fail(broken.pos[0], (broken.message.split("\n")[0] as string).replace(/ at line \d+, column \d+:?$/, ""));
  const root = document.contents;
  if (root === null) return new Map();
  if (!isMap(root)) fail((root as Node).range?.[0] ?? 0, "Expected option names with values (name: value)");

  const allowed = specs.filter(({ name }) => name !== "config");
  const names = allowed.map(({ name }) => name);
  const schema = z.strictObject(Object.fromEntries(allowed.map((spec) => [spec.name, schemaOf(spec).optional()])));
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return new Map(Object.entries(parsed.data).filter(([, value]) => value !== undefined));
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] as string;
    fail(offsetOf(root as YAMLMap, key, "key"), `Unknown option ${key}${suggestion(key, names)}`, key);
  }
  const field = String(issue.path[0]);
  const received = JSON.stringify((document.toJS() as Record<string, unknown>)[field]);
  return fail(offsetOf(root as YAMLMap, field, "value"), `${field}: ${issue.message}, received ${received}`, field);
}

function offsetOf(root: YAMLMap, key: string, part: "key" | "value"): number {
  const pair = root.items.find((one) => isPair(one) && isScalar(one.key) && String(one.key.value) === key);
  const node = (part === "key" ? pair?.key : (pair?.value ?? pair?.key)) as Node | undefined;
  return node?.range?.[0] ?? 0;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const message = missing ? `Expected a file at ${file} (--config), found nothing there` : `Could not read ${file}`;
    throw new ErprmError(missing ? "ERPRM_NOT_FOUND" : "ERPRM_IO", message, { path: file }, error);
  }
}
