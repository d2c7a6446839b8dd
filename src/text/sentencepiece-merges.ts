/**
 * SentencePiece BPE keeps no list of merges: any two neighbours whose text together is a piece may be joined, the piece
 * with the highest score first. The tokenizers library wants the joins as a ranked list, so they are listed here: every
 * way of cutting every piece in two pieces, by falling score.
 */

export interface ScoredPiece {
  text: string;
  score: number;
}

/**
 * Joins [left, right] by rank. Equal scores keep the order of the pieces; the joins of one piece are ordered by rising
 * length of their left part, which gives runs of one character the cut that SentencePiece gives them.
 */
export function mergesFromScores(pieces: readonly ScoredPiece[]): [string, string][] {
  const known = new Set(pieces.map((piece) => piece.text));
  const ranked = pieces
    .map((piece, index) => ({ ...piece, index }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
  const merges: [string, string][] = [];
  for (const { text } of ranked) {
    const characters = Array.from(text);
    let left = "";
    for (const character of characters.slice(0, -1)) {
      left += character;
      const right = text.slice(left.length);
      if (known.has(left) && known.has(right)) merges.push([left, right]);
    }
  }
  return merges;
}
