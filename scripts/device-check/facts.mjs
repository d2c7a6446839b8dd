/** What the numbers were measured on. */
import { existsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { delimiter, join } from "node:path";
import { capture } from "../command.mjs";
import { single } from "./run-stages.mjs";
import { factTimeout, toolkitProgram } from "./toolkit.mjs";

const cardFields = ["driver_version", "clocks.max.sm", "clocks.max.mem", "power.limit"];

/** The operators are internal to torch and differ between versions: what this one has is worth keeping. */
const pythonProgram = `
import json, torch
facts = {"torch": torch.__version__, "cuda": torch.version.cuda, "folder": torch.__path__[0]}
try:
    import transformers
    facts["transformers"] = transformers.__version__
except ImportError as error:
    facts["transformers"] = None
    facts["transformersError"] = str(error)
facts["schemas"] = [str(getattr(torch.ops.aten, name).default._schema)
                    for name in ("_flash_attention_forward", "_flash_attention_backward")]
facts["available"] = torch.cuda.is_available()
if facts["available"]:
    card = torch.cuda.get_device_properties(0)
    facts["card"] = {"name": card.name, "capability": f"{card.major}{card.minor}", "memoryBytes": card.total_memory,
                     "cards": torch.cuda.device_count()}
print(json.dumps(facts))
`;

function firstLine(command, args, pattern = /.+/) {
  const { status, stdout, stderr } = capture(command, args, { timeout: factTimeout });
  return status === 0 ? pattern.exec(stdout + stderr)?.[0] : undefined;
}

/** The version of a program of the toolkit. */
function toolkitVersion(name, pattern) {
  const program = toolkitProgram(name);
  return program && firstLine(program, ["--version"], pattern);
}

/** Of the first card; what nvidia-smi does not tell in time is left out. */
function driverFacts() {
  const ask = (query) => capture("nvidia-smi", [query, "--format=csv,noheader"], { timeout: factTimeout });
  const { status, stdout } = ask(`--query-gpu=${cardFields}`);
  if (status !== 0) return {};
  const values = stdout.split("\n")[0].split(", ");
  const others = ask("--query-compute-apps=pid,used_memory").stdout.trim();
  return { ...Object.fromEntries(cardFields.map((field, i) => [field, values[i]])), others };
}

function commitOf(root) {
  if (process.env.ERPRM_COMMIT) return process.env.ERPRM_COMMIT;
  const git = (...args) => capture("git", ["-C", root, ...args], { timeout: factTimeout });
  const { status, stdout } = git("rev-parse", "HEAD");
  if (status !== 0) return undefined;
  return git("status", "--porcelain").stdout.trim() === "" ? stdout.trim() : `${stdout.trim()} with changes`;
}

/** Where `--pack` put Python packages; searched before Python's own where PYTHONPATH names it. */
export const packedPackages = "python-packages";

/** What makes `python` see the packages of a kit. */
export const withPackedPackages = (root) => ({
  PYTHONPATH: [join(root, packedPackages), process.env.PYTHONPATH].filter(Boolean).join(delimiter),
});

/** Python's own packages first: those of a kit are for a machine that lacks them. */
async function pythonFacts({ root, python, expect }) {
  const factsWith = async (env) => {
    const lines = await expect(python, ["-c", pythonProgram], { env });
    return { ...JSON.parse(lines.find((line) => line.startsWith("{"))), env };
  };
  const facts = await factsWith({});
  if (facts.transformers || !existsSync(join(root, packedPackages))) return facts;
  const packed = await factsWith(withPackedPackages(root));
  return packed.transformers ? packed : { ...facts, transformersError: packed.transformersError };
}

export const environment = single({
  name: "environment",
  seconds: 120,
  always: true,
  needed: true,
  async run({ device, root, python, expect }) {
    const facts = {
      commit: commitOf(root),
      node: process.version,
      processor: `${cpus().length} x ${cpus()[0]?.model}`,
      memoryGibibytes: Math.round(totalmem() / 2 ** 30),
      compiler: firstLine("c++", ["--version"]),
      cmake: firstLine("cmake", ["--version"]),
      nvcc: toolkitVersion("nvcc", /release .*/),
      sanitizer: toolkitVersion("compute-sanitizer", /[Vv]ersion .*/),
    };
    if (device !== "cuda") return { facts };
    facts.python = await pythonFacts({ root, python, expect });
    if (!facts.python.available) {
      return { facts, failed: `Expected a card that the torch ${facts.python.torch} of ${python} can use, found none` };
    }
    facts.card = { ...facts.python.card, ...driverFacts() };
    const warnings = [
      ...(facts.commit ? [] : ["no commit is known: set ERPRM_COMMIT"]),
      ...(facts.card.others ? [`other programs use the card: ${facts.card.others.replace(/\n/g, "; ")}`] : []),
    ];
    return { facts, ...(warnings.length > 0 ? { warning: warnings.join("; ") } : {}) };
  },
});
