import { join } from "node:path";
import test from "ava";
import { formatReport, runDoctor } from "../../../src/cli/commands/doctor.js";
import { addonFinding, compilerName, kernelFinding } from "../../../src/cli/doctor/findings.js";
import { makeFolder } from "../../support/folder.js";

test("the report of a working machine names everything that the build and the run need", async (t) => {
  const { ok, findings } = await runDoctor();
  const names = findings.map(({ name }) => name);
  t.deepEqual(names, [
    ...["node", "cmake", "compiler", "build tool", "libtorch", "addon", "kernels"],
    ...["builtin:tiny", "cores", "memory", "cuda", "python3", "pip"],
  ]);
  t.true(ok, JSON.stringify(findings));
});

test("everything that is not in order comes with its remedy", async (t) => {
  for (const { name, state, remedy } of (await runDoctor()).findings) {
    t.is(state === "ok", remedy === undefined, name);
  }
});

test("a missing addon is an error that names the command", (t) => {
  const { finding, buildInfo } = addonFinding(join(makeFolder(t), "erprm.node"));
  t.is(finding.state, "error");
  t.regex(finding.remedy ?? "", /^npm run build/);
  t.is(buildInfo, undefined);
});

test("the compiler that built the addon is told by its name", (t) => {
  t.is(compilerName("12.2.0"), "g++ 12.2.0");
  t.is(compilerName("Debian Clang 14.0.6"), "Debian Clang 14.0.6");
  t.regex(addonFinding().finding.message, /, [a-zA-Z+ ]+ \d+\.\d+/);
});

test("kernels without AVX2 are worth a warning", (t) => {
  const buildInfo = { libtorch: "2.13.0", compiler: "g++", cuda: false };
  t.is(kernelFinding({ ...buildInfo, kernels: "generic" }).state, "warning");
  t.is(kernelFinding({ ...buildInfo, kernels: "avx2" }).state, "ok");
});

test("the text marks what is broken and how to mend it", (t) => {
  const text = formatReport({
    ok: false,
    findings: [{ name: "cmake", state: "error", message: "cmake is missing", remedy: "pip install cmake" }],
  });
  t.regex(text, /^X +cmake +cmake is missing\n +mend: pip install cmake\n\nerprm cannot run here yet/);
});
