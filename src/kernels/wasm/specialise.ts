/**
 * A copy of a function for one `type` of array, so that the engine optimizes it for that type alone; the function itself where code may not be
 * made from text. The function must not use anything from around it.
 */
export function specialised<F>(f: F, type: string): F {
  try {
    // the comment keeps the engine from taking copies for one and the same function
    return new Function(`return ${f} // ${type}`)();
  } catch {
    return f;
  }
}
