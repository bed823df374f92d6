/**
 * The gradients of `index_reduce` and `scatter_reduce`, which differ only in how elements of the source find their places.
 */
import type { Tensor } from "../tensor.ts";

/** The way between the source's elements and their places. */
export interface Route {
  /** The elements of `t` at the places, in the shape of the source. */
  pick(t: Tensor): Tensor;
  /** `t` with `source` added at the places. */
  add(t: Tensor, source: Tensor): Tensor;
  /** `t` with zeros at the places. */
  clear(t: Tensor): Tensor;
  /** `t` with `source` multiplied in at the places. */
  multiply(t: Tensor, source: Tensor): Tensor;
}

/** What was reduced, and the gradient of the result. */
export interface Reduced {
  /** The gradient of `result`. */
  grad: Tensor;
  /** What was reduced into. */
  self: Tensor;
  /** What was reduced. */
  source: Tensor;
  /** `sum`, `prod`, `mean`, `amax` or `amin`. */
  reduce: string;
  /** Whether the elements of `self` took part. */
  include_self: boolean;
  /** The result. */
  result: Tensor;
}

/** The gradient of `self`. */
export function gradientOfSelf({ grad, self, source, reduce, include_self, result }: Reduced, route: Route): Tensor {
  const own = () => {
    switch (reduce) {
      case "sum":
        return grad;
      case "mean":
        return grad.div(counts(grad, source, include_self, route));
      case "prod": {
        // the product of the other factors, also where self is zero
        const factor = self.masked_fill(self.eq(0), 1);
        return grad.mul(route.multiply(factor, source)).div(factor);
      }
      default: {
        const attained = self.eq(result).to(grad.dtype);
        return attained.mul(share(grad, attained, source, result, route));
      }
    }
  };
  return include_self ? own() : route.clear(own());
}

/** The gradient of `source`. */
export function gradientOfSource({ grad, self, source, reduce, include_self, result }: Reduced, route: Route): Tensor {
  switch (reduce) {
    case "sum":
      return route.pick(grad);
    case "mean":
      return route.pick(grad.div(counts(grad, source, include_self, route)));
    case "prod": {
      const zero = source.eq(0);
      const zeros = route.pick(route.add(self.detach().zeros_like(), zero.to(self.dtype)));
      // the only zero among the factors of a place: the product of the others is its gradient, where division would fail
      const single = zero.logical_and(zeros.eq(1));
      const others = route.multiply(self, source.masked_fill(single, 1));
      return route.pick(grad.mul(others)).where(single, route.pick(grad.mul(result)).div(source.masked_fill(zero, 1)));
    }
    default: {
      const attained = source.eq(route.pick(result)).to(grad.dtype);
      return attained.mul(route.pick(share(grad, self.eq(result).to(grad.dtype), source, result, route)));
    }
  }
}

/** How many elements each mean is of. */
function counts(grad: Tensor, source: Tensor, include_self: boolean, route: Route): Tensor {
  const start = include_self ? grad.detach().ones_like() : grad.detach().zeros_like();
  const n = route.add(start, source.detach().ones_like());
  return n.masked_fill(n.eq(0), 1);
}

/** The gradient of an extremum, divided among all elements that attain it. */
function share(grad: Tensor, selfAttains: Tensor, source: Tensor, result: Tensor, route: Route): Tensor {
  return grad.div(route.add(selfAttains, source.eq(route.pick(result)).to(grad.dtype)));
}
