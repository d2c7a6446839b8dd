import test from "ava";
import { expectUniqueNames, namedPath } from "../../../../src/cli/evaluate/model-names.js";

test("a model is called as it was told, else after the last part of its path that tells something", (t) => {
  const cases: Record<string, [name: string, path: string]> = {
    "runs/prm": ["prm", "runs/prm"],
    "runs/prm/": ["prm", "runs/prm/"],
    "er=runs/prm": ["er", "runs/prm"],
    "er=a=b": ["er", "a=b"],
    "./a=b": ["a-b", "./a=b"],
    "runs/er/scores.jsonl": ["er", "runs/er/scores.jsonl"],
    "scores.jsonl": ["scores", "scores.jsonl"],
    "runs/e/scores-er.jsonl": ["er", "runs/e/scores-er.jsonl"],
    "data/gsm8k.jsonl.gz": ["gsm8k", "data/gsm8k.jsonl.gz"],
    "Qwen2.5-Math-PRM-7B.Q4_1.gguf": ["Qwen2.5-Math-PRM-7B.Q4_1", "Qwen2.5-Math-PRM-7B.Q4_1.gguf"],
    "builtin:tiny": ["builtin-tiny", "builtin:tiny"],
    "mes modèles": ["mes-mod-les", "mes modèles"],
    "/": ["model", "/"],
    "=x": ["-x", "=x"],
  };
  for (const [text, [name, path]] of Object.entries(cases)) t.deepEqual(namedPath(text), { name, path }, text);
});

test("two models of one name are refused, and it is said how to rename one", (t) => {
  const named = ["a/prm", "b/prm"].map(namedPath);
  t.throws(() => expectUniqueNames(named, "reward models", "--model"), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /received prm for a\/prm and for b\/prm; --model NAME=PATH gives another name/,
  });
  t.notThrows(() => expectUniqueNames(["a/prm", "other=b/prm"].map(namedPath), "reward models", "--model"));
});
