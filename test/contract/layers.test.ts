import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import test from "ava";
import { packageRoot } from "../../src/native/loader.js";

const belowStages = [
  "data",
  "text",
  "model",
  "grading",
  "native",
  "policy",
  "problems",
  "reward",
  "training",
  "statistics",
  "evaluation",
  "labeling",
  "search",
];

/** Folders of src, each with the folders it may import besides itself. The files of src itself are open to all. */
const mayImport: Record<string, string[]> = {
  native: [],
  data: [],
  text: [],
  grading: [],
  // A model is described to the native side in the terms of its contract.
  model: ["native"],
  policy: ["text", "model", "native"],
  problems: [],
  statistics: [],
  evaluation: ["data", "statistics"],
  report: ["data", "text", "statistics", "evaluation"],
  reward: ["text", "model", "native", "policy"],
  training: ["data", "text", "model", "native", "policy", "reward", "statistics"],
  labeling: ["data", "statistics"],
  shard: ["data"],
  queue: ["data"],
  search: ["data", "text", "policy", "reward"],
  stages: [...belowStages],
  service: [...belowStages, "stages"],
  cli: [...belowStages, "shard", "queue", "stages", "report", "service"],
};

function filesUnder(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => pattern.test(path));
}

function read(path: string): string {
  return readFileSync(join(packageRoot, path), "utf8");
}

/** The folder or file of src that a path below src belongs to. */
const layerOf = (path: string): string => path.split("/")[1] ?? "";

/** The relative imports of a file, as paths from the package root. */
function importsOf(path: string): string[] {
  const specifiers = [...read(path).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, name]) => name ?? "");
  return specifiers.map((name) => relative(packageRoot, join(packageRoot, path, "..", name)));
}

test("a folder of src imports only from the layers below it", (t) => {
  const wrong: string[] = [];
  for (const path of filesUnder("src", /\/[^/]+\/.*\.ts$/)) {
    const layer = layerOf(path);
    const allowed = mayImport[layer];
    t.truthy(allowed, `src/${layer} has no place among the layers`);
    for (const imported of importsOf(path)) {
      const other = layerOf(imported);
      const isOpen = other.endsWith(".js") && other !== "index.js";
      if (!isOpen && other !== layer && !allowed?.includes(other)) wrong.push(`${path} imports ${imported}`);
    }
  }
  t.deepEqual(wrong, []);
});

test("CONTRIBUTING's picture of the layers has every folder", (t) => {
  const [, native = "", src = ""] = /\n {4}native:(.*)\n {4}src:([^#]*?)\n\n/.exec(read("CONTRIBUTING.md")) ?? [];
  const named = (line: string) => new Set(line.match(/\w+/g));
  for (const folder of Object.keys(mayImport)) t.true(named(src).has(folder), `src/${folder}`);
  for (const folder of readdirSync(join(packageRoot, "native"), { withFileTypes: true })) {
    if (folder.isDirectory()) t.true(named(native).has(folder.name), `native/${folder.name}`);
  }
});

test("types, errors and checks import nothing but each other", (t) => {
  for (const name of ["types", "errors", "check"]) {
    for (const imported of importsOf(`src/${name}.ts`)) {
      t.true(["src/types.js", "src/errors.js", "src/check.js"].includes(imported), `${name} imports ${imported}`);
    }
  }
});

test("native includes name the layer, so that the compiler can hold the layer rule", (t) => {
  const wrong: string[] = [];
  for (const path of filesUnder("native", /\.(h|cc)$/)) {
    for (const [, name = ""] of read(path).matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
      if (!/^(core|emulation|kernels|ops|model|engine|distributed|train|binding|bench)\/[\w.]+$/.test(name))
        wrong.push(`${path} includes "${name}"`);
    }
  }
  t.deepEqual(wrong, []);
});

test("scripts need nothing but Node, so they run before npm packages are installed", (t) => {
  for (const path of filesUnder("scripts", /\.mjs$/)) {
    for (const [, name = ""] of read(path).matchAll(/^(?:import .*?|export .*? from |\} from )"([^"]+)";$/gm)) {
      t.regex(name, /^(node:|\.)/, `${path} imports ${name}`);
    }
  }
});

test("no source file is longer than 400 lines", (t) => {
  const sources = ["src", "native", "scripts", "test", "cmake"].flatMap((folder) =>
    filesUnder(folder, /\.(ts|mjs|h|cc|cu|cmake|py)$/),
  );
  const long = sources
    .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > 400);
  t.deepEqual(long, []);
});
