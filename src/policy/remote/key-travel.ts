/** An API key is sent where nobody on the way can read it: over TLS, or to this machine. */
import { ErprmError } from "../../errors.js";
import { isLoopback } from "../loopback.js";
import type { RemoteName } from "./remote-name.js";
import type { RemoteSettings } from "./remote-options.js";

function isReadable(baseUrl: string): boolean {
  const { protocol, hostname } = new URL(baseUrl);
  return protocol !== "https:" && !isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

/** @throws ERPRM_INVALID_ARGUMENT {url} for a key that would travel over plain HTTP to another machine, unless that is allowed */
export function expectSafeTravel(
  { baseUrls }: RemoteName,
  { apiKey, apiKeyOverHttp }: Pick<RemoteSettings, "apiKey" | "apiKeyOverHttp">,
): void {
  const url = apiKey === undefined || apiKeyOverHttp ? undefined : baseUrls.find(isReadable);
  if (url === undefined) return;
  const message = `Expected https:// or this machine for an API key to be sent to, received ${url}, on whose way others can read it: --api-key-over-http allows it on a network that is trusted; where the server needs no key, ERPRM_OPENAI_API_KEY= (empty) sends none`;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: "policy", url });
}
