/**
 * Code of one's own. Engines optimise a function for all the arguments that it has ever seen; a loop that takes another scalar
 * function is best compiled anew for each, so that the function is inlined into it.
 */

let copies = 0;

/**
 * A copy of `factory` with code of its own, made from its text: it may use its parameters and JavaScript's globals only. Where
 * code may not be made from text (a page's CSP), `factory` itself, whose loops are an order of magnitude slower.
 */
// each text is another: of equal texts engines make one function
export function fresh<F extends (...args: never[]) => unknown>(factory: F): F {
  try {
    return new Function(`return (${factory}); // ${++copies}`)() as F;
  } catch {
    return factory;
  }
}
