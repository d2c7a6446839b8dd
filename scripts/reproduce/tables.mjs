export const percent = (value, digits = 1) => (100 * value).toFixed(digits);

/** `52.1 (48.0 to 56.2)`, in percent. */
export const shown = ({ value, low, high }) => `${percent(value)} (${percent(low)} to ${percent(high)})`;
