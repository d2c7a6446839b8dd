import { parseArgs } from "node:util";
import { SetupError } from "../setup-error.mjs";

export const setupHelp = `Usage: npm run build -- [options]

Installs the npm packages, finds or fetches libtorch, compiles the native addon and the TypeScript.

  --cuda            use (or fetch) a CUDA build of libtorch, from now on
  --cpu             take back --cuda
  --cuda-architectures LIST
                    compile CUDA kernels for these compute capabilities, without their dots, from now on: 90 for an H100 or H200,
                    80,90 for an A100 too; all for every supported one, the default
  --mirror URL      fetch libtorch from this server, which has the official paths (ERPRM_LIBTORCH_MIRROR)
  --url URL         fetch this archive or wheel of libtorch (ERPRM_LIBTORCH_URL)
  --sha256 DIGEST   the checksum that what is fetched must have (ERPRM_LIBTORCH_SHA256)
  --help

libtorch is looked for in: ERPRM_LIBTORCH, LIBTORCH, the torch of python3 on the path, the cache. Otherwise it is fetched.
`;

/** @param {string[]} args */
export function readSetupOptions(args) {
  try {
    const { "cuda-architectures": cudaArchitectures, ...values } = parseArgs({
      args,
      options: {
        cuda: { type: "boolean", default: false },
        cpu: { type: "boolean", default: false },
        "cuda-architectures": { type: "string" },
        mirror: { type: "string" },
        url: { type: "string" },
        sha256: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
    return { ...values, ...(cudaArchitectures === undefined ? {} : { cudaArchitectures }) };
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${setupHelp}`, 2);
  }
}
