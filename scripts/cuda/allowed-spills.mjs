/**
 * Bytes (stores and loads together) that a kernel may spill from registers, by its name without template arguments, and why.
 * A kernel that is not listed may spill nothing.
 */
export const allowedSpills = {};
