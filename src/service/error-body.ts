/**
 * The one JSON form of errors, which OpenAI clients read too. What the caller can act on is told; of an internal error only
 * that it is one, because its message may hold anything.
 */
import { ErprmError, errorCategories, memoryError } from "../errors.js";
import { httpStatusOf } from "./http-status.js";

export interface ErrorBody {
  error: {
    /** What was expected, which name, what came. */
    message: string;
    /** Who has to act: `caller`, `data`, `operator`, `abort`, `conflict`, `internal`. */
    type: string;
    code: string;
    /** The place in the request's body, for example `items[3].steps`; null where it is not about one. */
    param: string | null;
  };
}

/** Any thrown value as an error of the product. */
export function asErprmError(thrown: unknown): ErprmError {
  if (thrown instanceof ErprmError) return thrown;
  return memoryError(thrown) ?? new ErprmError("ERPRM_INTERNAL", "internal error", {}, thrown);
}

export function errorBody(error: ErprmError): ErrorBody {
  const { code, details } = error;
  const isOurs = httpStatusOf(error) === 500;
  const field = details.field ?? details.name;
  return {
    error: {
      message: isOurs ? `The server failed (${code}); its log says more` : error.message,
      type: errorCategories[code],
      code,
      param: typeof field === "string" && !isOurs ? field : null,
    },
  };
}
