/** What a reader of a calibration error must know, in the terminal and on the page. */
export const calibrationErrorNote =
  "The calibration error is biased upwards by noise, its interval even more: with few prefixes the error may lie below it.";
