import { homedir } from "node:os";
import { join } from "node:path";

/** Where fetched things live: $XDG_CACHE_HOME/erprm, by default ~/.cache/erprm. */
export function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), ".cache");
  return join(base, "erprm");
}
