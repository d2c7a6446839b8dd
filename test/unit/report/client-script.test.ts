import { Script } from "node:vm";
import test from "ava";
import { clientScript, typesetterScript } from "../../../src/report/client-script.js";

test("the page's script is one text without imports, each module once, what is needed first", async (t) => {
  const script = await clientScript();
  t.notRegex(script, /^\s*(import|export)\b/m);
  t.is(script.split("function splitMathematics(").length, 2);
  t.true(script.indexOf("function splitMathematics(") < script.indexOf("function appendTypeset("));
  t.true(script.indexOf("function startInspector(") < script.indexOf("const report ="));
});

test("no name is given twice: the script compiles in one scope", async (t) => {
  const script = await clientScript();
  t.notThrows(() => new Script(`"use strict";\n{${script}\n}`));
  t.throws(() => new Script(`"use strict";\n{${script}\nconst startInspector = 1;}`), { name: "SyntaxError" });
});

test("the typesetter comes with its licence and defines temml", async (t) => {
  const script = await typesetterScript();
  t.regex(script, /^\/\* Temml\n.*Copyright \(c\).*\*\/\nvar temml=/s);
  t.is(new Script(`${script}; typeof temml.render`).runInNewContext({}), "function");
});
