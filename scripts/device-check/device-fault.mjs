/** A device that fails: every model says so in words and codes, works no more, and the process still ends by itself. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StageFailure } from "./command.mjs";
import { countNative, onDevice, testArguments, testProgram, toldTests } from "./native-tests.mjs";
import { single } from "./run-stages.mjs";

const works = ["rollout", "score", "train"];

/** What is wrong with what test/bench/device/fault.ts printed; nothing where all is as documented. */
export function wrongInFault(told) {
  const expected = [
    ...works.map((work) => [`${work} before`, undefined, /^/]),
    ...works.map((work) => [`${work} after`, "ERPRM_DEVICE_FAULT", /./]),
    ...works.map((work) => [`${work} again`, "ERPRM_DEVICE_FAULT", /only a new process can use it again/]),
    ["load again", "ERPRM_DEVICE_FAULT", /./],
    ["dispose", undefined, /^/],
  ];
  for (const [what, code, words] of expected) {
    const found = told.find((one) => one.what === what);
    if (!found) return `nothing was said of "${what}"`;
    if (found.code !== code || !words.test(found.message ?? "")) {
      return `Expected ${code ?? "no error"} of "${what}", received ${found.code ?? "none"}: ${found.message ?? ""}`;
    }
  }
  // What ran while it happened: the failure was perhaps behind it.
  const { code } = told.find(({ what }) => what === "rollout meanwhile") ?? { code: "nothing" };
  return code === undefined || code === "ERPRM_DEVICE_FAULT" ? undefined : `"rollout meanwhile" ended with ${code}`;
}

export const deviceFault = single({
  name: "device-fault",
  seconds: 90,
  async run({ device, out, run, expect }) {
    if (device !== "cuda") {
      const told = toldTests(
        countNative(await run(testProgram, testArguments(["engine/device_fault_test.cc"]), { env: onDevice(device) })),
      );
      return { ...told, warning: "no card can fail here: devices of the tests did" };
    }
    const library = join(out, "fail-device.so");
    mkdirSync(out, { recursive: true });
    const source = "scripts/device-check/fail-device.cc";
    await expect("c++", ["-std=c++17", "-shared", "-fPIC", "-o", library, source, "-ldl"]);
    const { status, signal, lines } = await run(process.execPath, ["dist/test/bench/device/fault.js", device, library]);
    const told = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    const wrong = wrongInFault(told);
    if (wrong) throw new StageFailure(wrong);
    if (status !== 0)
      throw new StageFailure(`the process ended with ${signal ?? status}, and not by itself; see the log`);
    return { facts: { deviceFault: told.find(({ code }) => code !== undefined).message } };
  },
});
