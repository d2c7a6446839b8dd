/**
 * The page's script as one text: the compiled modules of client/ and what they import, each after what it needs, in one scope.
 * They are written for that: plain named imports, and no name twice. So neither the build nor a report needs a bundler.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ErprmError } from "../errors.js";

const importLine = /^import \{[^}]*\} from "(\.[^"]+)";\n/gm;

async function addModule(url: URL, modules: Map<string, string>): Promise<void> {
  if (modules.has(url.href)) return;
  modules.set(url.href, "");
  const source = await readFile(url, "utf8");
  for (const [, specifier = ""] of source.matchAll(importLine)) await addModule(new URL(specifier, url), modules);
  const body = source
    .replace(importLine, "")
    .replace(/^\/\/# sourceMappingURL=.*$/gm, "")
    .replace(/^export \{\};\n/gm, "")
    .replace(/^export (?=(async )?function |class |const |let )/gm, "");
  if (/^(import|export)\b/m.test(body)) {
    throw new ErprmError("ERPRM_INTERNAL", `Expected plain imports and exports in ${fileURLToPath(url)}`);
  }
  // What a module imports was put in after it: it is set again, behind that.
  modules.delete(url.href);
  modules.set(url.href, body.trim());
}

/** @throws ERPRM_INTERNAL where a module has another form of import or export */
export async function clientScript(): Promise<string> {
  const modules = new Map<string, string>();
  await addModule(new URL("client/main.js", import.meta.url), modules);
  const text = [...modules.values()].filter(Boolean).join("\n");
  if (/<\/script/i.test(text))
    throw new ErprmError("ERPRM_INTERNAL", "Expected no end of a script inside the page's script");
  return text;
}

/** Temml, which typesets mathematics as MathML, under its licence, which goes with every copy. */
export async function typesetterScript(): Promise<string> {
  const read = (name: string) => readFile(new URL(import.meta.resolve(`temml/${name}`)), "utf8");
  const [licence, program] = [await read("LICENSE"), await read("dist/temml.min.js")];
  const text = `/* Temml\n${licence.replaceAll("*/", "")}*/\n${program}`;
  if (/<\/script/i.test(text)) throw new ErprmError("ERPRM_INTERNAL", "Expected no end of a script inside Temml");
  return text;
}
