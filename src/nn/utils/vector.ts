/**
 * Parameters as one vector, and back.
 */
import { cat } from "../../ops/join.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";

/** All elements of all parameters, one after the other. */
export function parameters_to_vector(parameters: Iterable<Tensor>): Tensor {
  return cat(Array.from(parameters, (p) => p.view(-1)));
}

/** Gives the parameters the elements of a vector, whose memory they share after that. */
export function vector_to_parameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  if (!(vec instanceof Tensor)) throw new TypeError(`expected torch.Tensor, but got: ${pythonType(vec)}`);
  let at = 0;
  for (const p of parameters) {
    p.data = vec.narrow(0, at, p.count).view_as(p).data;
    at += p.count;
  }
}
