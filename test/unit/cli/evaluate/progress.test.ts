import test from "ava";
import { EvaluationBar } from "../../../../src/cli/evaluate/progress.js";

test("everything that is computed has a bar of its own, and what begins anew too", (t) => {
  const written: string[] = [];
  let milliseconds = 0;
  const stream = { isTTY: true, columns: 200, write: (text: string) => written.push(text.replace("\r\x1b[K", "")) };
  const bar = new EvaluationBar({ stream, now: () => milliseconds });
  const show = (what: string, unit: string, done: number, total: number) => {
    bar.show({ what, unit, done, total });
    milliseconds += 500;
  };
  show("accuracies at N = 8", "problems", 0, 40);
  show("accuracies at N = 8", "problems", 20, 40);
  show("comparisons", "draws", 100, 1000);
  show("comparisons", "draws", 10, 1000);
  bar.end();
  t.deepEqual(written, [
    "[                    ] evaluate: accuracies at N = 8 0/40 problems",
    "[==========          ] evaluate: accuracies at N = 8 20/40 problems, 40 problems/s, 0.5 s left",
    "",
    "[==                  ] evaluate: comparisons 100/1000 draws",
    "",
    "[                    ] evaluate: comparisons 10/1000 draws",
    "",
  ]);
});
