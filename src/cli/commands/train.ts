/** `erprm train`: one command for each kind of model. */
import { Command } from "commander";
import type { Surroundings } from "../stage-command.js";
import { trainOrmCommand } from "./train-orm.js";
import { trainPolicyCommand } from "./train-policy.js";
import { trainPrmCommand } from "./train-prm.js";

export const trainSummary = "train a policy, a process or an outcome reward model";

export function trainCommand(surroundings: Surroundings): Command {
  const train = new Command("train").description(trainSummary).summary(trainSummary);
  for (const make of [trainPolicyCommand, trainPrmCommand, trainOrmCommand]) train.addCommand(make(surroundings));
  return train;
}
