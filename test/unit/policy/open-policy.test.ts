import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { openPolicyFiles } from "../../../src/policy/open-policy.js";
import { makeFolder } from "../../support/folder.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";

test("a reward model that is opened as a policy can write, with a note of what it is", async (t) => {
  const folder = makeFolder(t);
  await writeRandomModel(folder, parityModels.llama as RandomModel, 1);
  t.false((await openPolicyFiles(folder, {})).notes.some((note) => /reward model/.test(note)));
  writeFileSync(join(folder, "reward_model.json"), "{}");
  const { notes } = await openPolicyFiles(folder, {});
  t.true(notes.some((note) => note.includes(`${folder} is a reward model (reward_model.json is in it)`)));
});
