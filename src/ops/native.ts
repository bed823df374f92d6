/**
 * What is C++ in PyTorch: derivative formulas, and some ops made of others. A number is no 0-d tensor there: `x * 2` is
 * `MulBackward1` with one edge, where Python's is `MulBackward0` with two. It shows where these ops are themselves recorded.
 */
let running = 0;

/** Whether ops are called by what is C++ in PyTorch. */
export function insideNative(): boolean {
  return running > 0;
}

/** Runs what is C++ in PyTorch. */
export function native<T>(code: () => T): T {
  running++;
  try {
    return code();
  } finally {
    running--;
  }
}
