/** What a manifest records of the program that wrote it. */
import { readFileSync } from "node:fs";

const packageJson = new URL("../../../package.json", import.meta.url);

export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageJson, "utf8")) as { version: string }).version;
}

/** The versions that may change results in the last bits. */
export function packageBuild(addon: Record<string, unknown> = {}): Record<string, unknown> {
  return { erprm: packageVersion(), ...addon };
}
