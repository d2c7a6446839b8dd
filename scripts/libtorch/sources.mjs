/** Where libtorch comes from, and the checksums that we know. */
import { pinnedVersion } from "./version.mjs";

/** The project's own server; ERPRM_LIBTORCH_MIRROR replaces it by one with the same paths. */
export const officialServer = "https://download.pytorch.org";

/** The CUDA line of the pinned version's builds. */
const cudaLine = "cu130";

const architecture = { x64: "x86_64", arm64: "aarch64" }[process.arch] ?? process.arch;
export const platformTag = `manylinux_2_28_${architecture}`;
const pythonTag = "cp311";

/** libtorch is the same in the wheels for all Python versions, so one of them is pinned for everybody. */
export const wheelName = `torch-${pinnedVersion}+cpu-${pythonTag}-${pythonTag}-${platformTag}.whl`;

/** SHA-256 by file name. A file that is not listed needs a checksum from elsewhere. */
export const knownChecksums = {
  "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl":
    "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
};

/** The arguments that make pip choose `wheelName`, whatever Python runs it. */
export const pipPlatform = [
  ...["--python-version", "3.11", "--implementation", "cp", "--abi", pythonTag, "--platform", platformTag],
];

/** The archives to try over HTTPS, in order. */
export function archiveUrls({ cuda, mirror, url }) {
  if (url) return [url];
  const server = (mirror ?? officialServer).replace(/\/+$/, "");
  const line = cuda ? cudaLine : "cpu";
  const zip = `${server}/libtorch/${line}/libtorch-shared-with-deps-${pinnedVersion}%2B${line}.zip`;
  return cuda ? [zip] : [`${server}/whl/cpu/${encodeURIComponent(wheelName)}`, zip];
}
