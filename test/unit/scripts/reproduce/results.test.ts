import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../../support/folder.js";
import { importScript } from "../../../support/script.js";

type Settings = Record<string, unknown>;
const { writeResults, resultsName, settingsOf, parts } = await importScript<{
  writeResults(out: string, part: string, kept: { settings: Settings; results: unknown; tables: string }): string;
  resultsName(part: string, settings: Settings): string;
  settingsOf(part: string, settings: Settings): Settings;
  parts: string[];
}>("reproduce/results.mjs");

const settings: Settings = { model: "m", seeds: [0, 1], targets: ["hard", "er:2"], selections: ["hard"], numRounds: 2 };

test("parts, targets and seeds have files of their own: no run takes away what another one came to", (t) => {
  const out = makeFolder(t);
  const keep = (part: string, some: Settings, value: number) =>
    writeResults(out, part, { settings: some, results: { value }, tables: `| ${value} |` });
  const paths = [
    keep("best-of-n", settings, 1),
    keep("finetune", settings, 2),
    keep("best-of-n", { ...settings, targets: ["hard"] }, 3),
    keep("best-of-n", { ...settings, seeds: [0] }, 4),
  ];
  t.is(new Set(paths).size, 4);
  for (const [i, path] of paths.entries()) {
    t.like(JSON.parse(readFileSync(path, "utf8")), { results: { value: i + 1 } });
    t.regex(readFileSync(path.replace(/json$/, "md"), "utf8"), new RegExp(`\\| ${i + 1} \\|\n$`));
  }
  t.is(readdirSync(join(out, "results")).length, 8);
  // The same settings again: the same file.
  t.is(keep("best-of-n", settings, 5), String(paths[0]));
  t.like(JSON.parse(readFileSync(String(paths[0]), "utf8")), {
    part: "best-of-n",
    settings: { model: "m", seeds: [0, 1], targets: ["hard", "er:2"] },
    results: { value: 5 },
  });
  t.is(readdirSync(join(out, "results")).length, 8);
});

test("a part's name depends on its own settings alone", (t) => {
  t.deepEqual(parts, ["best-of-n", "finetune"]);
  t.is(resultsName("best-of-n", { ...settings, numRounds: 3 }), resultsName("best-of-n", settings));
  t.not(resultsName("finetune", { ...settings, numRounds: 3 }), resultsName("finetune", settings));
  t.regex(resultsName("finetune", settings), /^finetune-[0-9a-f]{8}$/);
  t.false("selections" in settingsOf("best-of-n", settings));
});
