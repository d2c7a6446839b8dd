/**
 * Reads the fields of one record, checking each. A missing field and a null one are the same: absent
 * (Parquet and Python writers put null where JSON writers put nothing).
 */
import { dataError, failField, type Place, shown } from "./data-error.js";

/** Completes "Expected FIELD to be ..." for each reader of `Fields`. */
const nonEmpty = "a non-empty string";

export class Fields {
  readonly record: Record<string, unknown>;
  readonly place: Place;
  readonly #path: string;

  /** `path` names the enclosing field, for messages about nested records. */
  constructor(value: unknown, place: Place, path = "") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      if (path) failField(path, "an object", value, place);
      throw dataError(`Expected a record to be an object, received ${shown(value)}`, place);
    }
    this.record = value as Record<string, unknown>;
    this.place = place;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** The value, undefined when absent or null. */
  value(name: string): unknown {
    return this.record[name] ?? undefined;
  }

  fail(name: string, expected: string): never {
    failField(this.#name(name), expected, this.value(name), this.place);
  }

  string(name: string): string {
    const value = this.value(name);
    if (typeof value !== "string") this.fail(name, "a string");
    return value;
  }

  /** A string with more than white space in it. */
  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== "string" || value.trim() === "") this.fail(name, nonEmpty);
    return value;
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value !== "number" || !Number.isFinite(value)) this.fail(name, "a finite number");
    return value;
  }

  integer(name: string, low = 0, high = 2 ** 31 - 1): number {
    const value = this.value(name);
    if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
      this.fail(name, `an integer from ${low} to ${high}`);
    }
    return value;
  }

  oneOf<T extends string | number | boolean>(name: string, allowed: readonly T[]): T {
    const value = this.value(name);
    if (!allowed.includes(value as T)) this.fail(name, `one of ${allowed.map((v) => JSON.stringify(v)).join(", ")}`);
    return value as T;
  }

  array(name: string): unknown[] {
    const value = this.value(name);
    if (!Array.isArray(value)) this.fail(name, "an array");
    return value;
  }

  strings(name: string): string[] {
    return this.array(name).map((value, i) => {
      if (typeof value !== "string") failField(`${this.#name(name)}[${i}]`, "a string", value, this.place);
      return value;
    });
  }

  numbers(name: string, expected: string, accept: (value: number) => boolean): number[] {
    return this.array(name).map((value, i) => {
      if (typeof value !== "number" || !accept(value)) {
        failField(`${this.#name(name)}[${i}]`, expected, value, this.place);
      }
      return value;
    });
  }

  object(name: string): Fields {
    return new Fields(this.value(name), this.place, this.#name(name));
  }

  objects(name: string): Fields[] {
    return this.array(name).map((value, i) => new Fields(value, this.place, `${this.#name(name)}[${i}]`));
  }

  /** The fields that none of `names` takes, nulls kept: what a format holds beside what we read. */
  rest(names: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.record).filter(([name]) => !names.includes(name)));
  }

  #name(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name;
  }
}
