import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { SetupError } from "../setup-error.mjs";

/** @param {{ name: string, seconds: number }[]} stages */
export const help = (stages) => `Usage: node scripts/device-check.mjs [options]

Builds on this machine, tests everything that runs on a card, and measures it: one JSON (results.json), a log a stage and two tables.
Exit code 0 when all stages asked for passed, 1 when one failed or was not run, 2 for a wrong command line, 130 after
Ctrl-C, 143 after SIGTERM.

  --device NAME    cuda (the default), or cuda-emulated: the same stages without a card, at toy sizes
  --only A,B       these stages, and those that come before all: environment and build
  --skip A,B       all but these stages
  --resume         go on with the results in the folder: what passed is not run again, what never ran comes first. Without it, or
                   --again, all begins anew; earlier results stay in the folder as results-DATE.json
  --again A,B      run these stages once more although they passed, the other results kept; with --resume the rest goes on too
  --minutes N      stop after N minutes; go on with --resume
  --out FOLDER     results and logs (build/device-check/DEVICE)
  --python PYTHON  whose torch is built with, and whose transformers is measured (python3)
  --threads N      of the host's work (${availableParallelism()})
  --pack FILE      only write FILE, a tar archive of this folder's dist and node_modules and of Node, for a machine without them;
                   with --python also transformers and what it needs, from the package index of that Python's pip
  --python-version VERSION
                   with --pack: of Python on the other machine, such as 3.12 (that of --python)
  --help

Stages, and the most seconds that each takes:
${stages.map(({ name, seconds }) => `  ${name.padEnd(16)} ${seconds}`).join("\n")}

Environment: ERPRM_COMMIT, the commit for the results where there is no git; ERPRM_LIBTORCH, another libtorch to build with than that
of --python; CUDA_HOME, the toolkit that holds nvcc and compute-sanitizer.
`;

const listOf = (text) => (text === undefined ? undefined : text.split(",").filter((name) => name !== ""));

/** @param {string[]} args @param {{ name: string, seconds: number, always?: boolean }[]} all @param {string} root */
export function readOptions(args, all, root) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        device: { type: "string", default: "cuda" },
        only: { type: "string" },
        skip: { type: "string" },
        resume: { type: "boolean", default: false },
        again: { type: "string" },
        minutes: { type: "string" },
        out: { type: "string" },
        python: { type: "string" },
        threads: { type: "string", default: String(availableParallelism()) },
        pack: { type: "string" },
        "python-version": { type: "string" },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${help(all)}`, 2);
  }
  const fail = (what) => {
    throw new SetupError(`${what}\n\n${help(all)}`, 2);
  };
  const { minutes, threads, device, python } = values;
  const [only, skip, again] = [values.only, values.skip, values.again].map(listOf);
  const names = all.map(({ name }) => name);
  const unknown = [only, skip, again].flatMap((list) => list ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) fail(`Expected names of stages, received ${unknown.join(", ")}`);
  if (!["cuda", "cuda-emulated"].includes(device)) fail(`Expected --device cuda or cuda-emulated, received ${device}`);
  if (minutes !== undefined && !(Number(minutes) > 0))
    fail(`Expected --minutes to be a number above 0, received ${minutes}`);
  if (!(Number.isInteger(Number(threads)) && Number(threads) > 0)) {
    fail(`Expected --threads to be a whole number above 0, received ${threads}`);
  }
  const isAsked = ({ name, always }) =>
    always || (only ?? (values.resume ? names : (again ?? names))).includes(name) || (again ?? []).includes(name);
  return {
    ...values,
    again: again ?? [],
    stages: all.filter((stage) => isAsked(stage) && !(skip ?? []).includes(stage.name)).map(({ name }) => name),
    minutes: minutes === undefined ? undefined : Number(minutes),
    threads: Number(threads),
    out: values.out ? resolve(values.out) : join(root, "build/device-check", device), // programs start in `root`
    python: python ?? "python3",
    packedPython: python,
    pythonVersion: values["python-version"],
  };
}
