/** Text with its formulas as MathML. Temml is in the page only where a text has any. */
import { splitMathematics } from "../split-mathematics.js";
import { element } from "./elements.js";

interface Typesetter {
  render(tex: string, into: Element, options: { displayMode: boolean; throwOnError: boolean; trust: boolean }): void;
}

declare global {
  var temml: Typesetter | undefined;
}

/** A formula that cannot be typeset stays as it is written. */
export function appendTypeset(into: Element, text: string): void {
  for (const part of splitMathematics(text)) {
    if (part.kind === "text" || !globalThis.temml) {
      into.append(part.text);
      continue;
    }
    const holder = element("span", {
      class: part.kind === "display" ? "formula display" : "formula",
      title: part.text.trim(),
    });
    try {
      globalThis.temml.render(part.text, holder, {
        displayMode: part.kind === "display",
        throwOnError: true,
        trust: false,
      });
    } catch {
      // Models write formulas that are none; their text is what there is to read.
      holder.textContent = part.text;
      holder.classList.add("broken");
    }
    into.append(holder);
  }
}
