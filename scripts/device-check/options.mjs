import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SetupError } from "../setup-error.mjs";

export const help = (names) => `Usage: node scripts/device-check.mjs [options]

Builds on this machine, tests everything that runs on a card, and measures it: one JSON (results.json), a log a stage and two tables.
Exit code 1 when a stage failed or was not run.

  --device NAME    cuda (the default), or cuda-emulated: the same stages without a card, at toy sizes
  --only A,B       these stages
  --skip A,B       all but these stages
  --resume         go on with the results in the folder: stages that passed are not run again
  --minutes N      stop after N minutes; go on with --resume
  --out FOLDER     results and logs (build/device-check)
  --python PYTHON  whose torch is built with, and whose transformers is measured (python3)
  --threads N      of the host's work (${availableParallelism()})
  --pack FILE      only write FILE, a tar archive of this folder's dist and node_modules and of Node, for a machine without them
  --help

Stages: ${names.join(", ")}
`;

const listOf = (text) => (text === undefined ? undefined : text.split(",").filter((name) => name !== ""));

/** @param {string[]} args @param {string[]} names of all stages @param {string} root */
export function readOptions(args, names, root) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        device: { type: "string", default: "cuda" },
        only: { type: "string" },
        skip: { type: "string" },
        resume: { type: "boolean", default: false },
        minutes: { type: "string" },
        out: { type: "string", default: join(root, "build/device-check") },
        python: { type: "string", default: "python3" },
        threads: { type: "string", default: String(availableParallelism()) },
        pack: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${help(names)}`, 2);
  }
  const fail = (what) => {
    throw new SetupError(`${what}\n\n${help(names)}`, 2);
  };
  const { only, skip, minutes, threads, device } = values;
  const named = [...(listOf(only) ?? []), ...(listOf(skip) ?? [])];
  const unknown = named.filter((name) => !names.includes(name));
  if (unknown.length > 0) fail(`Expected names of stages, received ${unknown.join(", ")}`);
  if (!["cuda", "cuda-emulated"].includes(device)) fail(`Expected --device cuda or cuda-emulated, received ${device}`);
  const positive = (name, text) => {
    if (!(Number(text) > 0)) fail(`Expected --${name} to be a number above 0, received ${text}`);
    return Number(text);
  };
  const chosen = (listOf(only) ?? names).filter((name) => !(listOf(skip) ?? []).includes(name));
  return {
    ...values,
    stages: names.filter((name) => chosen.includes(name)),
    minutes: minutes === undefined ? undefined : positive("minutes", minutes),
    threads: positive("threads", threads),
  };
}
