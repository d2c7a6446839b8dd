/** Checked reading of the fields of a parsed object: every error names the file, the field, what was expected and what came. */
import { failCheckpoint } from "./stored-tensor.js";

export class Fields {
  readonly file: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** `path` precedes field names in messages: `rope_scaling.` for example. */
  constructor(file: string, values: Readonly<Record<string, unknown>>, path = "") {
    this.file = file;
    this.#values = values;
    this.#path = path;
  }

  /** The value as it stands; null counts as absent. */
  get(name: string): unknown {
    return this.#values[name] ?? undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** The key is written, be it as null. */
  isWritten(name: string): boolean {
    return name in this.#values;
  }

  positiveInteger(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 2 ** 31 - 1) {
      this.fail(name, "a positive integer", value);
    }
    return value as number;
  }

  positiveNumber(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) this.fail(name, "a positive number", value);
    return value;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value !== "boolean") this.fail(name, "true or false", value);
    return value;
  }

  string(name: string, fallback?: string): string {
    const value = this.get(name) ?? fallback;
    if (typeof value !== "string") this.fail(name, "a string", value);
    return value;
  }

  /** `length` positive numbers. */
  positiveNumbers(name: string, length: number): number[] {
    const value = this.get(name);
    const isRight =
      Array.isArray(value) &&
      value.length === length &&
      value.every((item) => typeof item === "number" && Number.isFinite(item) && item > 0);
    if (!isRight) this.fail(name, `a list of ${length} positive numbers`, value);
    return value as number[];
  }

  /** The object in this field, or undefined. */
  object(name: string): Fields | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) this.fail(name, "an object", value);
    return new Fields(this.file, value as Record<string, unknown>, `${this.#path}${name}.`);
  }

  keys(): string[] {
    return Object.keys(this.#values);
  }

  /** @throws ERPRM_INVALID_CHECKPOINT */
  fail(name: string, expected: string, received: unknown): never {
    const field = `${this.#path}${name}`;
    const shown = received === undefined ? "nothing" : (JSON.stringify(received) ?? String(received));
    failCheckpoint(this.file, `Expected ${field} to be ${expected}, received ${shown.slice(0, 200)}`, {
      field,
      expected,
      received,
    });
  }
}
