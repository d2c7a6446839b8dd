/** The programs that the build needs: what is there, and how to get what is not. */
import { capture } from "../command.mjs";
import { SetupError } from "../setup-error.mjs";

const minimum = { node: [20, 19], cmake: [3, 22], g: [11, 0], clang: [14, 0] };

function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? match[0] : undefined;
}

/** @param {string} version @param {number[]} least */
export function isAtLeast(version, [leastMajor, leastMinor]) {
  const [major, minor = 0] = version.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** @typedef {{ name: string, found?: string, problem?: string, remedy?: string }} Tool */

/** @param {string} version @returns {Tool} */
export function nodeTool(version = process.versions.node) {
  if (isAtLeast(version, minimum.node)) return { name: "node", found: version };
  return {
    name: "node",
    found: version,
    problem: `Node ${version} is too old, expected ${minimum.node.join(".")} or newer`,
    remedy: "install a current Node from https://nodejs.org or with your version manager",
  };
}

/** @returns {Tool} */
export function cmakeTool(env = process.env) {
  const { status, stdout } = capture("cmake", ["--version"], { env });
  const version = status === 0 ? parseVersion(stdout) : undefined;
  if (version && isAtLeast(version, minimum.cmake)) return { name: "cmake", found: version };
  return {
    name: "cmake",
    ...(version ? { found: version } : {}),
    problem: `cmake ${version ? `${version} is too old` : "is missing"}, expected ${minimum.cmake.join(".")} or newer`,
    remedy: "apt-get install cmake, or pip install cmake",
  };
}

/** @returns {Tool} the compiler that cmake will take: $CXX, or the first of c++, g++ and clang++ */
export function compilerTool(env = process.env) {
  const remedy = "apt-get install g++ (version 11 or newer), or clang++ 14 or newer; CXX names another compiler";
  for (const command of env.CXX ? [env.CXX] : ["c++", "g++", "clang++"]) {
    const { status, stdout } = capture(command, ["--version"], { env });
    const version = status === 0 ? (parseVersion(stdout.replace(/^.*\)/, "")) ?? parseVersion(stdout)) : undefined;
    if (!version) continue;
    const isClang = stdout.includes("clang");
    const found = `${command} ${version}`;
    if (isAtLeast(version, isClang ? minimum.clang : minimum.g)) return { name: "compiler", found };
    return { name: "compiler", found, problem: `${found} is too old for libtorch's C++20 headers`, remedy };
  }
  return { name: "compiler", problem: `no C++ compiler${env.CXX ? `: CXX=${env.CXX} does not run` : ""}`, remedy };
}

/** @returns {Tool} */
export function buildTool(env = process.env) {
  for (const command of ["ninja", "make"]) {
    const { status, stdout } = capture(command, ["--version"], { env });
    if (status === 0) return { name: "build tool", found: `${command} ${parseVersion(stdout) ?? ""}`.trim() };
  }
  return {
    name: "build tool",
    problem: "neither ninja nor make was found",
    remedy: "apt-get install ninja-build, or pip install ninja",
  };
}

/** @returns {Tool[]} */
export function toolchain(env = process.env) {
  return [nodeTool(), cmakeTool(env), compilerTool(env), buildTool(env)];
}

/** Throws SetupError naming everything that is missing. @param {Tool[]} tools */
export function expectTools(tools) {
  const missing = tools.filter((tool) => tool.problem);
  if (missing.length === 0) return;
  const lines = missing.map(({ problem, remedy }) => `  - ${problem}\n    ${remedy}`);
  throw new SetupError(`the build cannot start:\n${lines.join("\n")}`);
}
