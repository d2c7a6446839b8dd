/**
 * Chat templates: Jinja programs that ship with a model and write a conversation the way it was trained on.
 * Rendering is a function of the messages alone: a template that asks for today's date is told a fixed one, because a
 * prompt that changes overnight would make a resumed run another run.
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { ErprmError } from "../errors.js";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface RenderOptions {
  /** End where the assistant's turn opens. */
  addGenerationPrompt: boolean;
  /** What a template may read besides the messages: `bos_token`, `eos_token`, a model's own switches. */
  variables?: Record<string, unknown>;
}

/** 26 July 2024: what Llama's templates print when nobody tells them the date. */
const dateParts: Record<string, string> = {
  "%Y": "2024",
  "%y": "24",
  "%m": "07",
  "%d": "26",
  "%e": "26",
  "%b": "Jul",
  "%B": "July",
  "%a": "Fri",
  "%A": "Friday",
  "%H": "00",
  "%M": "00",
  "%S": "00",
  "%%": "%",
};

function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error("range() needs a step other than 0");
  const values: number[] = [];
  for (let value = start; step > 0 ? value < stop : value > stop; value += step) values.push(value);
  return values;
}

function globals(): Environment {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ true: true, false: false, none: null })) {
    environment.set(name, value);
    environment.set(name.charAt(0).toUpperCase() + name.slice(1), value);
  }
  environment.set("range", range);
  environment.set("raise_exception", (message: string) => {
    throw new Error(message);
  });
  environment.set("strftime_now", (format: string) => format.replace(/%[A-Za-z%]/g, (part) => dateParts[part] ?? part));
  return environment;
}

function invalid(file: string, cause: unknown): ErprmError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected a chat template that renders, received the error: ${message} in ${file}`,
    { file, field: "chat_template" },
    cause,
  );
}

export class ChatTemplate {
  readonly #program: ReturnType<typeof parse>;
  readonly #file: string;

  /** @throws ERPRM_INVALID_DATA naming `file` when the source is not a template */
  constructor(source: string, file: string) {
    this.#file = file;
    try {
      this.#program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    } catch (cause) {
      throw invalid(file, cause);
    }
  }

  /** @throws ERPRM_INVALID_DATA naming the file when the template fails or refuses the messages */
  render(messages: readonly Message[], { addGenerationPrompt, variables = {} }: RenderOptions): string {
    try {
      const environment = new Environment(globals());
      const given = { ...variables, messages: messages.map((message) => ({ ...message })) };
      for (const [name, value] of Object.entries({ ...given, add_generation_prompt: addGenerationPrompt })) {
        environment.set(name, value);
      }
      const rendered = new Interpreter(environment).run(this.#program).value;
      if (typeof rendered !== "string") throw new Error("the template renders no text");
      return rendered;
    } catch (cause) {
      throw invalid(this.#file, cause);
    }
  }
}

/**
 * The template in a `chat_template` field: a string, or a list of {name, template} of which `default` (or the only one)
 * is taken. Absent: undefined.
 * @throws ERPRM_INVALID_DATA for any other value
 */
export function chatTemplateSource(value: unknown, file: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  const entries = Array.isArray(value) ? (value as { name?: unknown; template?: unknown }[]) : [];
  const chosen = entries.length === 1 ? entries[0] : entries.find((entry) => entry?.name === "default");
  if (typeof chosen?.template === "string") return chosen.template;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected chat_template to be a string or a list with a template named default, received ${Array.isArray(value) ? `a list of ${entries.map((entry) => entry?.name).join(", ") || "nothing"}` : typeof value} in ${file}`,
    { file, field: "chat_template" },
  );
}
