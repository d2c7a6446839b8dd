/** The processes of a training, started as torchrun starts them. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type CliResult, type RunningCli, startCli } from "./run-cli.js";

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export function rankEnvironment(rank: number, size: number, port: number): Record<string, string> {
  return {
    RANK: String(rank),
    WORLD_SIZE: String(size),
    LOCAL_RANK: String(rank),
    LOCAL_WORLD_SIZE: String(size),
    MASTER_ADDR: "127.0.0.1",
    MASTER_PORT: String(port),
  };
}

export interface RanksOptions {
  program?: string;
  /** Of one rank, instead of those of all. */
  argsOf?: (rank: number, args: readonly string[]) => readonly string[];
  env?: (rank: number) => Record<string, string>;
}

/** All ranks of a training of `size` processes, by rank. */
export async function startRanks(
  size: number,
  args: readonly string[],
  { program, argsOf = (_, same) => same, env = () => ({}) }: RanksOptions = {},
): Promise<RunningCli[]> {
  const port = await freePort();
  return Array.from({ length: size }, (_, rank) =>
    startCli(argsOf(rank, args), {
      ...(program !== undefined && { program }),
      env: { ...rankEnvironment(rank, size, port), ...env(rank) },
    }),
  );
}

export async function runRanks(
  size: number,
  args: readonly string[],
  options: RanksOptions = {},
): Promise<CliResult[]> {
  return Promise.all((await startRanks(size, args, options)).map(({ result }) => result));
}
