/** The set-up scripts judge the machine for the build; the doctor asks them, so that both always agree. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../native/loader.js";

export interface Tool {
  name: string;
  found?: string;
  problem?: string;
  remedy?: string;
}

export interface Libtorch {
  root: string;
  version: string;
  cuda: boolean;
  /** The variable, `python3` or `cache`. */
  source: string;
}

export interface LibtorchSearch {
  libtorch?: Libtorch;
  attempts: { source: string; problem?: string }[];
}

interface ToolchainModule {
  toolchain(): Tool[];
}

interface FindModule {
  findLibtorch(): LibtorchSearch;
}

function importScript<T>(name: string): Promise<T> {
  return import(pathToFileURL(join(packageRoot, "scripts", name)).href) as Promise<T>;
}

export async function findTools(): Promise<Tool[]> {
  return (await importScript<ToolchainModule>("setup/toolchain.mjs")).toolchain();
}

/** Throws the scripts' SetupError when a variable names an unusable libtorch. */
export async function searchLibtorch(): Promise<LibtorchSearch> {
  return (await importScript<FindModule>("libtorch/find.mjs")).findLibtorch();
}
