/**
 * The Parquet schema of JSON records, learned by looking at all of them: structs, lists (of lists, of structs), strings,
 * booleans, and numbers, which are 32-bit integers where all are, else doubles. Every field may be null.
 */
import type { SchemaElement } from "hyparquet";
import { dataError, type Place } from "./data-error.js";

/** What is known of a field after the records seen so far. */
interface Shape {
  kind: "null" | "boolean" | "integer" | "double" | "string" | "list" | "struct";
  element?: Shape;
  fields?: Map<string, Shape>;
}

/** Builds a schema from records; see `observe` and `elements`. */
export class ParquetSchema {
  readonly #root: Shape = { kind: "struct", fields: new Map() };

  /** @throws ERPRM_INVALID_DATA naming the field when its values have kinds that no Parquet column can hold together. */
  observe(record: unknown, place: Place): void {
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      throw dataError("Expected a record to be an object, as Parquet rows are", place);
    }
    merge(this.#root, record, "", place);
  }

  /** The names of the columns, in the order they were first seen. Columns without any content are left out. */
  columnNames(): string[] {
    return contentFields(this.#root).map(([name]) => name);
  }

  /** The schema as Parquet wants it: depth first, the root included. */
  elements(): SchemaElement[] {
    const columns = contentFields(this.#root);
    const body = columns.flatMap(([name, shape]) => elementsOf(name, shape));
    return [{ name: "root", num_children: columns.length }, ...body];
  }
}

function kindOf(value: unknown): Shape["kind"] {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isInteger(value) && (value | 0) === value ? "integer" : "double";
  if (typeof value === "string" || typeof value === "boolean") return typeof value as "string" | "boolean";
  return "struct";
}

/** The kind that holds both, or undefined. Minus zero is no 32-bit integer, so it makes a double of the column. */
function join(a: Shape["kind"], b: Shape["kind"]): Shape["kind"] | undefined {
  if (a === b || b === "null") return a;
  if (a === "null") return b;
  const areNumbers = (a === "integer" || a === "double") && (b === "integer" || b === "double");
  return areNumbers ? "double" : undefined;
}

function merge(shape: Shape, value: unknown, path: string, place: Place): void {
  const received = Object.is(value, -0) ? "double" : kindOf(value);
  const kind = join(shape.kind, received);
  if (kind === undefined) {
    const message = `Expected ${path} to be of one kind in all records of a Parquet file, found ${shape.kind} and ${received}`;
    throw dataError(message, place, path);
  }
  shape.kind = kind;
  if (received === "list") {
    shape.element ??= { kind: "null" };
    for (const element of value as unknown[]) merge(shape.element, element, `${path}[]`, place);
  } else if (received === "struct") {
    shape.fields ??= new Map();
    for (const [name, field] of Object.entries(value as object)) {
      let inner = shape.fields.get(name);
      if (!inner) {
        inner = { kind: "null" };
        shape.fields.set(name, inner);
      }
      merge(inner, field, path ? `${path}.${name}` : name, place);
    }
  }
}

/** A Parquet struct needs a field: empty objects become null, and read as absent. */
function contentFields(shape: Shape): [string, Shape][] {
  return [...(shape.fields ?? [])].filter(([, field]) => field.kind !== "struct" || contentFields(field).length > 0);
}

function elementsOf(name: string, shape: Shape): SchemaElement[] {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (shape.kind) {
    case "boolean":
      return [{ ...optional, type: "BOOLEAN" }];
    case "integer":
      return [{ ...optional, type: "INT32" }];
    case "double":
      return [{ ...optional, type: "DOUBLE" }];
    case "list":
      return [
        { ...optional, converted_type: "LIST", num_children: 1 },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...elementsOf("element", shape.element ?? { kind: "null" }),
      ];
    case "struct": {
      const fields = contentFields(shape);
      if (fields.length === 0) return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" }];
      return [
        { ...optional, num_children: fields.length },
        ...fields.flatMap(([fieldName, field]) => elementsOf(fieldName, field)),
      ];
    }
    default:
      return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" }];
  }
}
