/** A kind of story. Telling it draws numbers and words, says sentences and offers questions. */
import type { Tale } from "./tale.js";

export interface Story {
  kind: string;
  tell(tale: Tale): void;
}
