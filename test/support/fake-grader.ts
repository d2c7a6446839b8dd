/** A grader that compares texts; it answers later, and counts. */
export class FakeGrader {
  graded: [candidate: string, reference: string][] = [];

  async grade(candidate: string, reference: string): Promise<{ correct: boolean }> {
    this.graded.push([candidate, reference]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { correct: candidate === reference };
  }
}
