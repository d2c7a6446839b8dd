/**
 * Problems that are one problem under several ids: their questions have the same words. Files that were put together from
 * others hold such pairs, and what is held out must not come back under another name.
 */

/** White space does not tell questions apart. */
function wordsOf(question: string): string {
  return question.trim().replace(/\s+/g, " ");
}

export class QuestionGroups {
  /** The first id of a question. */
  readonly #idOfQuestion = new Map<string, string>();
  /** An id met earlier with the same question; the first ones have none. */
  readonly #earlier = new Map<string, string>();

  add(problemId: string, question: string): void {
    const words = wordsOf(question);
    const known = this.#idOfQuestion.get(words);
    if (known === undefined) {
      this.#idOfQuestion.set(words, problemId);
      return;
    }
    const [first, other] = [this.#first(known), this.#first(problemId)];
    if (first !== other) this.#earlier.set(other, first);
  }

  /** The first id among those that share questions with this one: itself where there is no other. */
  #first(problemId: string): string {
    let id = problemId;
    for (let earlier = this.#earlier.get(id); earlier !== undefined; earlier = this.#earlier.get(id)) id = earlier;
    return id;
  }

  /** Every id that shares its question with an earlier one -> the first of them. */
  get sameQuestion(): Map<string, string> {
    return new Map([...this.#earlier.keys()].map((id) => [id, this.#first(id)]));
  }
}
