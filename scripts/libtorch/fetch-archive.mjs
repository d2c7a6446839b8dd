/** libtorch over HTTPS, without pip: the same wheel, or the official libtorch archive. */
import { basename, join } from "node:path";
import { parseChecksum } from "../fetch/checksum.mjs";
import { download, fetchText } from "../fetch/download.mjs";
import { say } from "../progress.mjs";
import { archiveUrls, knownChecksums } from "./sources.mjs";

/** The checksum to hold the file against: the caller's, the pinned one, or the one published beside the file. */
async function expectedChecksum(url, name, sha256) {
  if (sha256) return { sha256, source: "as given" };
  if (knownChecksums[name]) return { sha256: knownChecksums[name], source: "pinned" };
  const published = parseChecksum((await fetchText(`${url}.sha256`)) ?? "");
  return published ? { sha256: published, source: `published as ${url}.sha256` } : undefined;
}

/**
 * Downloads the first archive that the server has into `folder`. A file without any checksum is refused.
 * Resolves to {archive} or {problem}.
 * @param {{ cuda?: boolean, mirror?: string, url?: string, sha256?: string }} options
 */
export async function fetchArchive(folder, { cuda = false, mirror, url, sha256 } = {}) {
  const problems = [];
  for (const candidate of archiveUrls({ cuda, mirror, url })) {
    const name = decodeURIComponent(basename(new URL(candidate).pathname));
    const checksum = await expectedChecksum(candidate, name, sha256);
    if (!checksum) {
      problems.push(`no checksum is known for ${candidate}: give one with --sha256 or ERPRM_LIBTORCH_SHA256`);
      continue;
    }
    say(`downloading ${candidate} (checksum ${checksum.source})`);
    try {
      const target = join(folder, name);
      await download(candidate, target, checksum.sha256);
      return { archive: target };
    } catch (error) {
      if (error.name !== "SetupError") throw error;
      problems.push(error.message);
    }
  }
  return { problem: problems.join("; ") };
}
