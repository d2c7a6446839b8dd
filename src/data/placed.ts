/** Records that know where they stand, so that whoever joins several files can say which line does not fit. */
import { ErprmError } from "../errors.js";
import { dataError, type Place } from "./data-error.js";

/** A record and, when it was read from a file, its place there. */
export type Placed<T> = T & { place?: Place | undefined };

/** ERPRM_INVALID_DATA with the record's place, where it has one. */
export function placedError(message: string, { place }: Placed<object>, field?: string): ErprmError {
  if (place) return dataError(message, place, field);
  return new ErprmError("ERPRM_INVALID_DATA", message, field === undefined ? {} : { field });
}
