/** Labels of ragged outcomes by `logMeanExp`, and by a plain loop of JavaScript: FOLDER erprm|javascript ETAS. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logMeanExp } from "../../../src/native/log-mean-exp.js";

const [folder, name, list] = process.argv.slice(2) as [string, string, string];
const bytesOf = (file: string) => Uint8Array.from(readFileSync(join(folder, file))).buffer;
const outcomes = new Float32Array(bytesOf("outcomes.f32"));
const offsets = new Int32Array(bytesOf("offsets.i32"));
const etas: number[] = JSON.parse(list);

/** [etas + 2, prefixes]: for each eta, then soft and hard. */
function inJavaScript(): Float32Array {
  const prefixes = offsets.length - 1;
  const labels = new Float32Array((etas.length + 2) * prefixes);
  for (let p = 0; p < prefixes; p++) {
    const part = outcomes.subarray(offsets[p], offsets[p + 1]);
    let [largest, sum] = [Number.NEGATIVE_INFINITY, 0];
    for (const outcome of part) {
      largest = Math.max(largest, outcome);
      sum += outcome;
    }
    for (const [e, eta] of etas.entries()) {
      let exponents = 0;
      for (const outcome of part) exponents += Math.exp(eta * (outcome - largest));
      labels[e * prefixes + p] = largest + Math.log(exponents / part.length) / eta;
    }
    labels[etas.length * prefixes + p] = sum / part.length;
    labels[(etas.length + 1) * prefixes + p] = largest;
  }
  return labels;
}

const labelsOf = async () =>
  name === "erprm" ? logMeanExp(outcomes, offsets, [...etas, 0, Number.POSITIVE_INFINITY]) : inJavaScript();
await labelsOf();
const start = performance.now();
const labels = await labelsOf();
const seconds = (performance.now() - start) / 1000;
writeFileSync(join(folder, `${name}.f32`), labels);
console.log(JSON.stringify({ seconds }));
