/** HTML and SVG as text. Whatever is put into a template is escaped; only markup that a template made is not. */

export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export type Fragment = Markup | string | number | undefined | false | readonly Fragment[];

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

function textOf(fragment: Fragment): string {
  if (fragment === undefined || fragment === false) return "";
  if (fragment instanceof Markup) return fragment.text;
  if (typeof fragment === "object") return fragment.map(textOf).join("");
  return escapeText(String(fragment));
}

/** A template of markup: html`<p>${text}</p>`. Undefined and false leave nothing. */
export function html(strings: TemplateStringsArray, ...fragments: readonly Fragment[]): Markup {
  return new Markup(strings.reduce((all, part, i) => all + textOf(fragments[i - 1]) + part));
}

/** Text that is markup already. Never for text of a user's. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/**
 * JSON for a script element of a data type: no character ends the element or opens a comment in it.
 */
export function jsonForScript(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`));
}
