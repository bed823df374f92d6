/**
 * Warnings, in PyTorch's words, to the console; each text once, as Python shows a warning once for each place.
 */

const shown = new Set<string>();

/** Shows a warning as Python's `warnings.warn` does; `category` is Python's class of warnings. */
export function warn(message: string, category = "UserWarning"): void {
  console.warn(`${category}: ${message}`);
}

/** Shows a warning the first time it is given. */
export function warnOnce(message: string, category = "UserWarning"): void {
  if (shown.has(message)) return;
  shown.add(message);
  warn(message, category);
}
