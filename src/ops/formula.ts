/**
 * Whether a derivative formula is running that is itself recorded, as for second derivatives. PyTorch's formulas are C++, where a
 * number is no 0-d tensor: `grad * 2` is `MulBackward1` in them, `MulBackward0` in Python.
 */
let running = 0;

/** Whether ops are called by a formula. */
export function insideFormula(): boolean {
  return running > 0;
}

/** Runs formulas that are recorded. */
export function formulaScope<T>(formulas: () => T): T {
  running++;
  try {
    return formulas();
  } finally {
    running--;
  }
}
