/** `openai:URL[,URL...]#MODEL`: a model behind one or several completion servers. */
import { failArgument } from "../../check.js";

export interface RemoteName {
  /** Without a slash at the end; requests go to `BASE/completions`. */
  baseUrls: string[];
  /** As the servers list it. */
  model: string;
}

const scheme = "openai:";
const form = "openai:URL#MODEL, or openai:URL,URL#MODEL for several servers of one model";

export function isRemoteName(name: string): boolean {
  return name.startsWith(scheme);
}

/** @throws ERPRM_INVALID_ARGUMENT for another form, and for a URL that holds a password, which would be recorded */
export function parseRemoteName(name: string): RemoteName {
  const hash = name.indexOf("#");
  if (!isRemoteName(name) || hash < 0 || hash === name.length - 1) {
    return failArgument("--policy", form, withoutPasswords(name));
  }
  const baseUrls = name.slice(scheme.length, hash).split(",").map(baseUrlOf);
  const repeated = baseUrls.find((url, i) => baseUrls.indexOf(url) < i);
  if (repeated !== undefined) failArgument("--policy", "given with every URL once", repeated);
  return { baseUrls, model: name.slice(hash + 1) };
}

/** For messages: what stands before an @ may be a secret. What follows a ? may be one too. */
function withoutPasswords(text: string): string {
  return text.replace(/\/\/[^#]*@/g, "//...@").replace(/\?[^#]*/, "?...");
}

function baseUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "") {
    const what = `${form}, a URL being http:// or https:// and a path such as /v1,`;
    return failArgument("--policy", what, withoutPasswords(text));
  }
  if (url.username !== "" || url.password !== "") {
    const why = "without a user or password in its URL: a key is read from ERPRM_OPENAI_API_KEY or --api-key-file";
    return failArgument("--policy", why, withoutPasswords(text));
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
