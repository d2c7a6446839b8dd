import { execFileSync } from "node:child_process";
import test from "ava";
import { commandLine } from "../../../../src/cli/demo/command-line.js";

test("a shell takes the shown command apart into the very words that are run", (t) => {
  const args = ["report", "--title", "erprm demo", "--run", "it's/a $HOME `b`", "", "*", "a\\b", "x=1,2:3", "--policy"];
  const printed = execFileSync("sh", ["-c", `erprm() { printf '%s\\0' "$@"; }; ${commandLine(args)}`]).toString();
  t.deepEqual(printed.split("\0").slice(0, -1), args);
});

test("words that no shell reads anything into stand as they are", (t) => {
  t.is(
    commandLine(["label", "--policy", "builtin:tiny", "--out", "runs/demo/a-b.c"]),
    "erprm label --policy builtin:tiny --out runs/demo/a-b.c",
  );
  t.is(commandLine(["report", "--title", "erprm demo"]), "erprm report --title 'erprm demo'");
});
