/**
 * llama.cpp through its C API: our driver (peers/llama-cpp), compiled against the headers of exactly the version whose libraries
 * node-llama-cpp brings, and the weights it is measured with. Needs git and g++ at run time.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { packageRoot } from "../../src/native/loader.js";

export const llamaCppTypes = ["Q8_0", "Q4_0", "F16"] as const;
export type LlamaCppType = (typeof llamaCppTypes)[number];

export interface LlamaCpp {
  /** The program and its first argument. */
  driver: [program: string, libraries: string];
  /** Of node-llama-cpp. */
  version: string;
}

/** Of the names in the folder of the prebuilt libraries, those to link with: their names hold a version or not. */
export function librariesToLink(names: readonly string[]): string[] {
  return ["libllama", "libggml", "libggml-base"].map((library) => {
    const match = names.find((name) => name.startsWith(`${library}.`) && name.endsWith(".so"));
    if (match === undefined) throw new Error(`Expected ${library} among ${names.join(", ")}`);
    return match;
  });
}

/** @param folder node-llama-cpp is installed in it. @param work a folder to build in */
export function buildLlamaCpp(folder: string, work: string): LlamaCpp {
  const fromFolder = createRequire(join(folder, "package.json"));
  const packageFolder = dirname(dirname(fromFolder.resolve("node-llama-cpp")));
  const platform = `linux-${process.arch}`;
  const prebuilt = join(packageFolder, "..", "@node-llama-cpp", platform, "bins", platform);
  const source = join(work, "llama.cpp");
  const bundle = join(packageFolder, "llama", "gitRelease.bundle");
  execFileSync("git", ["clone", "--quiet", "--no-checkout", bundle, source], { stdio: ["ignore", "ignore", "pipe"] });
  execFileSync("git", ["-C", source, "checkout", "HEAD", "--", "include", "ggml/include", "vendor/nlohmann"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const program = join(work, "llama-cpp");
  execFileSync(
    "g++",
    [
      ...["-std=c++20", "-O3", "-march=native", "-ffast-math"],
      ...["-I", join(source, "include"), "-I", join(source, "ggml", "include"), "-isystem", join(source, "vendor")],
      join(packageRoot, "test", "bench", "peers", "llama-cpp", "main.cc"),
      ...librariesToLink(readdirSync(prebuilt)).map((name) => join(prebuilt, name)),
      ...[`-Wl,-rpath,${prebuilt}`, "-Wl,--disable-new-dtags", "-o", program],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const { version } = fromFolder(join(packageFolder, "package.json")) as { version: string };
  return { driver: [program, prebuilt], version };
}

/** The model in each type, made by llama.cpp itself from the GGUF: paths by type. */
export function makeLlamaCppWeights(
  { driver: [program, libraries] }: LlamaCpp,
  model: string,
  work: string,
  threads: number,
): Record<LlamaCppType, string> {
  mkdirSync(work, { recursive: true });
  const entries = llamaCppTypes.map((type) => {
    const path = join(work, `${type}.gguf`);
    execFileSync(program, [libraries, "quantize", model, path, type, String(threads)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    return [type, path] as const;
  });
  return Object.fromEntries(entries) as Record<LlamaCppType, string>;
}
