/** Programs of CUDA's toolkit: on the path, in CUDA_HOME, or where the toolkit is usually installed. */
import { join } from "node:path";
import { capture } from "../command.mjs";

/** A hanging driver hangs its programs too. */
export const factTimeout = 20_000;

/** The command that starts `name`, or undefined where no place has it. */
export function toolkitProgram(name, env = process.env) {
  const folders = [env.CUDA_HOME, env.CUDA_PATH, "/usr/local/cuda"]
    .filter(Boolean)
    .map((folder) => join(folder, "bin"));
  const places = [name, ...folders.map((folder) => join(folder, name))];
  return places.find((program) => capture(program, ["--version"], { env, timeout: factTimeout }).status === 0);
}
