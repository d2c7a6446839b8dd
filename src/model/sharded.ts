/**
 * A checkpoint of several safetensors files: `model.safetensors.index.json` maps each tensor's name to its file.
 */
import { basename, join } from "node:path";
import { readJsonObject } from "./read-file.js";
import { readSafetensors } from "./safetensors.js";
import { failCheckpoint, type StoredTensor } from "./stored-tensor.js";

/**
 * Reads the headers of all files an index names.
 * @throws ERPRM_NOT_FOUND naming a file that is missing; ERPRM_INVALID_CHECKPOINT when the index and the files disagree
 */
export async function readShardedSafetensors(directory: string, indexPath: string): Promise<StoredTensor[]> {
  const index = await readJsonObject(indexPath);
  const weightMap = index.weight_map;
  if (weightMap === null || typeof weightMap !== "object" || Array.isArray(weightMap)) {
    failCheckpoint(indexPath, "Expected field weight_map to be an object of tensor name to file name");
  }
  const fileOf = new Map<string, string>();
  for (const [name, file] of Object.entries(weightMap)) {
    if (typeof file !== "string" || file !== basename(file) || file === "" || file === "..") {
      failCheckpoint(
        indexPath,
        `Expected weight_map[${JSON.stringify(name)}] to be a file name, received ${JSON.stringify(file)}`,
        {
          tensor: name,
        },
      );
    }
    fileOf.set(name, file);
  }
  const found = new Map<string, StoredTensor>();
  for (const file of [...new Set(fileOf.values())].sort()) {
    for (const tensor of await readSafetensors(join(directory, file))) {
      const twin = found.get(tensor.name);
      if (twin) {
        failCheckpoint(
          tensor.file,
          `Expected tensor ${tensor.name} in one file only, found it in ${basename(twin.file)} too`,
          {
            tensor: tensor.name,
          },
        );
      }
      found.set(tensor.name, tensor);
    }
  }
  for (const [name, file] of fileOf) {
    const tensor = found.get(name);
    if (!tensor || basename(tensor.file) !== file) {
      failCheckpoint(
        indexPath,
        `Expected tensor ${name} in ${file}, found it ${tensor ? `in ${basename(tensor.file)}` : "in no file"}`,
        { tensor: name, expectedFile: file },
      );
    }
  }
  return [...found.values()];
}
