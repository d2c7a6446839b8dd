/**
 * What the parts of a study came to: `results/PART-KEY.json` and the tables in `.md` beside it, the key that of the part's
 * settings. Other targets or seeds have files of their own, so that no run of the script takes another one's results away.
 */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const training = [
  ...["model", "difficulty", "temperature", "minP", "learningRate", "epochs", "tokensPerUpdate"],
  ...["numProblems", "numSolutions", "numCompletions", "seeds"],
];

/** The settings that decide what a part comes to. */
const settingsOfPart = {
  "best-of-n": [...training, "numTestProblems", "numCandidates", "comparedAt", "targets", "aggregates"],
  finetune: [
    ...[...training, "selections", "numFinetune", "numHeldOut", "numFinetuneSolutions"],
    ...["finetuneTemperature", "numRounds"],
  ],
};

export const parts = Object.keys(settingsOfPart);

export function settingsOf(part, settings) {
  return Object.fromEntries(settingsOfPart[part].map((name) => [name, settings[name]]));
}

/** `best-of-n-1a2b3c4d`: the first 8 hexadecimal digits of the settings' SHA-256. */
export function resultsName(part, settings) {
  const key = createHash("sha256").update(JSON.stringify(settingsOf(part, settings)));
  return `${part}-${key.digest("hex").slice(0, 8)}`;
}

function replace(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Returns the path of the JSON file. */
export function writeResults(out, part, { settings, results, tables }) {
  const folder = join(out, "results");
  mkdirSync(folder, { recursive: true });
  const own = settingsOf(part, settings);
  const path = join(folder, resultsName(part, settings));
  replace(`${path}.json`, `${JSON.stringify({ part, settings: own, results }, null, 2)}\n`);
  const rows = Object.entries(own).map(([name, value]) => `- ${name}: ${[value].flat().join(", ")}`);
  replace(`${path}.md`, `# ${part}\n\n${rows.join("\n")}\n\n${tables}\n`);
  return `${path}.json`;
}
