/** Flags that another one leaves without effect are refused: whoever gave them expected something of them. */
import { ErprmError } from "../errors.js";
import type { Given } from "./stage-command.js";

export interface IdleFlags {
  names: readonly string[];
  /** Completes "Expected no --NAME": `without --lora-rank: ...`. */
  why: string;
  /** False: the flags have an effect. */
  when: boolean;
}

/** @throws ERPRM_INVALID_ARGUMENT for the first one. The configuration file may hold more than a command needs. */
export function refuseIdleFlags({ flags }: Given, idle: readonly IdleFlags[]): void {
  for (const { names, why, when } of idle) {
    const name = when ? names.find((one) => flags.has(one)) : undefined;
    if (name !== undefined) throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected no --${name} ${why}`, { name });
  }
}
