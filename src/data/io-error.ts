/**
 * File-system errors become errors of the product, naming the path and, for a full disk, what to do.
 */
import { ErprmError, memoryError } from "../errors.js";

const explanations: Record<string, string> = {
  ENOSPC: "no space left on the device; free some and run the same command again",
  EDQUOT: "the disk quota is used up; free some space and run the same command again",
  EFBIG: "the file would exceed the size limit",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of the path is not a directory",
};

/** ERPRM_NOT_FOUND for a missing file when reading, ERPRM_OUT_OF_MEMORY where that is it, else ERPRM_IO; an ErprmError is handed back as it is. */
export function ioError(error: unknown, path: string, action: "read" | "write"): ErprmError {
  if (error instanceof ErprmError) return error;
  const full = memoryError(error, `to ${action} ${path}`);
  if (full) return full;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" && action === "read") {
    return new ErprmError("ERPRM_NOT_FOUND", `Expected a file at ${path}, found nothing there`, { path }, error);
  }
  if (code === "ENOENT") {
    return new ErprmError("ERPRM_IO", `Could not write ${path}: its directory does not exist`, { path, code }, error);
  }
  const why = (code && explanations[code]) ?? message ?? String(error);
  return new ErprmError("ERPRM_IO", `Could not ${action} ${path}: ${why}`, { path, code }, error);
}

/** True for errors that the operating system raised (they have an errno code). */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}
