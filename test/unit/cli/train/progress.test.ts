import test from "ava";
import { TrainProgress } from "../../../../src/cli/train/progress.js";
import { trainSummaryForm } from "../../../../src/cli/train/summary.js";
import { initialState } from "../../../../src/training/training-state.js";

const measures = {
  ...{ n: 9, numBins: 10, brierScore: 0.18123, constantBrierScore: 0.25, calibrationError: 0.0412 },
  ...{ areaUnderCurve: null, crossEntropy: 0.5, meanScore: 0.4, meanSuccessRate: 0.4 },
};

function shownAfter(measured: typeof measures | undefined): string {
  let shown = "";
  const stream = {
    isTTY: true,
    columns: 400,
    write: (text: string) => {
      shown = text;
    },
  };
  const progress = new TrainProgress({ title: "train prm", stream, now: () => (now += 1000) });
  let now = 0;
  progress.start(initialState(true), 40);
  progress.record({ kind: "held-out", updateIndex: 0, loss: 0.7, solutions: 3, positions: 9, measures: measured });
  const update = { updateIndex: 1, epoch: 0, learningRate: 0.1, gradientNorm: 1, tokens: 30, positions: 9 };
  progress.tokens(30);
  progress.record({ kind: "update", loss: 0.65, ...update });
  return shown;
}

test("the progress of a training shows updates, losses, the measures that have a value, speed and memory", (t) => {
  t.regex(
    shownAfter(measures),
    /train prm 1\/40 updates, .*, loss 0\.6500, held-out loss 0\.7000 \(Brier score 0\.181, calibration 0\.041\), \d+ tokens\/s, [\d.]+ [KMG]iB, .* left/,
  );
});

test("a policy has a held-out loss and no measures", (t) => {
  t.regex(shownAfter(undefined), /held-out loss 0\.7000, \d+ tokens\/s/);
});

test("without a terminal there is a line at the first record and one at the end, however short the training", (t) => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const progress = new TrainProgress({ title: "train prm", stream, now: () => 0 });
  progress.start(initialState(true), 40);
  progress.record({ kind: "held-out", updateIndex: 0, loss: 0.7, solutions: 3, positions: 9 });
  for (const updateIndex of [1, 2, 3]) {
    const update = { epoch: 0, learningRate: 0.1, gradientNorm: 1, tokens: 30, positions: 9 };
    progress.record({ kind: "update", loss: 0.65, updateIndex, ...update });
  }
  progress.end();
  t.is(written.length, 2);
  t.regex(written[0] as string, /^erprm: train prm 0\/40 updates, held-out loss 0\.7000, .*\n$/);
  t.regex(written[1] as string, /^erprm: train prm 3\/40 updates, loss 0\.6500, held-out loss 0\.7000/);
});

test("where every held-out prefix is right or wrong, the summary says why a measure has no value and a constant has no error", (t) => {
  const counts = { updates: 2, n: 20, heldOutLoss: 0.6, brierScore: 0.2, constantBrierScore: 0, brierGain: -0.2 };
  const summary = (more: Record<string, number>) =>
    trainSummaryForm.text({
      ...{ stage: "train prm", out: "runs/prm", alreadyComplete: false, timings: {} },
      counts: { ...counts, ...more },
    }) as string;
  for (const [meanSuccessRate, outcome] of [
    [1, "right"],
    [0, "wrong"],
  ] as const) {
    const text = summary({ meanSuccessRate });
    t.regex(
      text,
      new RegExp(`^of a constant {5}0\\.0000 \\(n = 20\\): every prefix is ${outcome}, as a constant says$`, "m"),
    );
    t.regex(text, new RegExp(`^area under curve {2}no value: every prefix is ${outcome}$`, "m"));
  }
  t.notRegex(summary({ meanSuccessRate: 0.5, areaUnderCurve: 0.7 }), /every prefix/);
});
