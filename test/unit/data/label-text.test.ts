import test from "ava";
import fc from "fast-check";
import { LabelText } from "../../../src/data/label-text.js";
import { labelSteps, plugIn } from "../../../src/data/step-labels.js";
import type { ErprmError } from "../../../src/errors.js";
import { countedSteps, estimators, someLabelNames } from "../../support/label-records.js";

test("the text of labels is that of the labels, byte for byte", (t) => {
  fc.assert(
    fc.property(fc.array(countedSteps, { maxLength: 8 }), someLabelNames, estimators, (solutions, names, estimator) => {
      const text = new LabelText(names, estimator);
      for (const steps of solutions) {
        const { labels, standardErrors } = labelSteps(steps, names, estimator);
        const written = text.write(steps);
        t.is(written.labels, JSON.stringify(labels));
        t.is(written.standardErrors, JSON.stringify(standardErrors));
      }
    }),
  );
});

test("counts that were forgotten are computed again", (t) => {
  const text = new LabelText(["soft"], plugIn);
  const first = [{ text: "", numCompletions: 3, numCorrect: 1 }];
  const { labels } = text.write(first);
  for (let numCorrect = 0; numCorrect <= 70_000; numCorrect += 1) {
    text.of({ text: "", numCompletions: 70_000, numCorrect }, []);
  }
  t.is(text.write(first).labels, labels);
  t.is(labels, '{"soft":[0.3333333333333333]}');
});

test("a name is written once, however often and in whatever form it was asked for", (t) => {
  const { labels } = new LabelText(["er:1.0", "er:1"], plugIn).write([{ text: "", numCompletions: 1, numCorrect: 1 }]);
  t.is(labels, '{"er:1":[1]}');
});

test("impossible counts are refused, and nothing is kept of them", (t) => {
  const text = new LabelText(["soft"], plugIn);
  for (const numCompletions of [0, 2]) {
    const steps = [{ text: "", numCompletions, numCorrect: 3 }];
    for (let i = 0; i < 2; i += 1) {
      const error = t.throws<ErprmError>(() => text.write(steps));
      t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
    }
  }
});
