/** What the numbers were measured on. */
import { cpus, totalmem } from "node:os";
import { capture } from "../command.mjs";
import { StageFailure } from "./command.mjs";

const cardFields = [
  "name",
  "driver_version",
  "memory.total",
  "compute_cap",
  "clocks.max.sm",
  "clocks.max.mem",
  "power.limit",
];

const pythonProgram = `
import json, torch
facts = {"torch": torch.__version__, "cuda": torch.version.cuda, "folder": torch.__path__[0]}
try:
    import transformers
    facts["transformers"] = transformers.__version__
except ImportError:
    facts["transformers"] = None
print(json.dumps(facts))
`;

function firstLine(command, args, pattern = /.+/) {
  const { status, stdout, stderr } = capture(command, args);
  return status === 0 ? pattern.exec(stdout + stderr)?.[0] : undefined;
}

function cardFacts() {
  const { status, stdout } = capture("nvidia-smi", [`--query-gpu=${cardFields}`, "--format=csv,noheader"]);
  if (status !== 0) return undefined;
  const values = stdout.split("\n")[0].split(", ");
  const others = capture("nvidia-smi", ["--query-compute-apps=pid,used_memory", "--format=csv,noheader"]).stdout.trim();
  return {
    ...Object.fromEntries(cardFields.map((field, i) => [field, values[i]])),
    cards: stdout.trim().split("\n").length,
    others,
  };
}

export const environment = {
  name: "environment",
  seconds: 120,
  always: true,
  async run({ device, root, python, expectJson }) {
    const commit = firstLine("git", ["-C", root, "rev-parse", "HEAD"]);
    const isChanged = (capture("git", ["-C", root, "status", "--porcelain"]).stdout ?? "").trim() !== "";
    const facts = {
      commit: process.env.ERPRM_COMMIT ?? (commit && isChanged ? `${commit} with changes` : commit),
      node: process.version,
      processor: `${cpus().length} x ${cpus()[0]?.model}`,
      memoryGibibytes: Math.round(totalmem() / 2 ** 30),
      compiler: firstLine("c++", ["--version"]),
      cmake: firstLine("cmake", ["--version"]),
      nvcc:
        firstLine("nvcc", ["--version"], /release .*/) ??
        firstLine("/usr/local/cuda/bin/nvcc", ["--version"], /release .*/),
      sanitizer: firstLine("compute-sanitizer", ["--version"], /[Vv]ersion .*/),
      card: cardFacts(),
    };
    if (device !== "cuda") return { facts };
    if (!facts.card) throw new StageFailure("nvidia-smi finds no card");
    [facts.python] = await expectJson(python, ["-c", pythonProgram]);
    return { facts };
  },
};
