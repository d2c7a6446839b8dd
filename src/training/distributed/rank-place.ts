/**
 * Which of the processes of a training this one is, from the environment that torchrun makes (and that srun or a script can
 * make: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT; LOCAL_WORLD_SIZE where several share a machine).
 */
import { failArgument } from "../../check.js";

/** Seconds. */
export const defaultRankTimeout = 1800;

export interface RankPlace {
  rank: number;
  size: number;
  /** Processes on this machine. */
  localSize: number;
  storeHost: string;
  storePort: number;
  /** torchrun runs the store itself. */
  storeIsThere: boolean;
  prefix: string;
}

/**
 * Undefined for a training of one process: WORLD_SIZE is absent or 1.
 * @throws ERPRM_INVALID_ARGUMENT naming the variable
 */
export function rankPlace(environment: Readonly<Record<string, string | undefined>>): RankPlace | undefined {
  if (environment.WORLD_SIZE === undefined) return undefined;
  const size = integer(environment, "WORLD_SIZE", 1, 4096);
  if (size === 1) return undefined;
  const rank = integer(environment, "RANK", 0, size - 1);
  const {
    MASTER_ADDR: storeHost,
    TORCHELASTIC_RUN_ID: run = "none",
    TORCHELASTIC_RESTART_COUNT: attempt,
  } = environment;
  if (!storeHost) failArgument("MASTER_ADDR", `the address of rank 0, as WORLD_SIZE is ${size}`, storeHost);
  return {
    rank,
    size,
    localSize: environment.LOCAL_WORLD_SIZE === undefined ? 1 : integer(environment, "LOCAL_WORLD_SIZE", 1, size),
    storeHost,
    storePort: integer(environment, "MASTER_PORT", 1, 65_535),
    storeIsThere: environment.TORCHELASTIC_USE_AGENT_STORE === "True",
    prefix: `erprm/${run}/${attempt ?? 0}`,
  };
}

function integer(environment: Parameters<typeof rankPlace>[0], name: string, low: number, high: number): number {
  const text = environment[name];
  const number = Number(text);
  if (text !== undefined && /^\d+$/.test(text) && number >= low && number <= high) return number;
  return failArgument(
    name,
    `an integer from ${low} to ${high} in the environment of a training of several processes`,
    text,
  );
}
