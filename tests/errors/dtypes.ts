/** dtypes that an op does not take; recorded by ../pytorch/situations/dtypes.py. */

import * as torch from "../../mod.ts";
import { call, leaf, type Situations } from "./situation.ts";

/** The calls that fail, by name. */
export const dtypes: Situations = {
  *mean_of_integers() {
    const x = torch.arange(3);
    yield [x];
    x.mean();
  },
  *mean_of_bools() {
    const x = torch.tensor([true, false]);
    yield [x];
    x.mean();
  },
  *std_of_integers() {
    const x = torch.arange(3);
    yield [x];
    x.std();
  },
  *softmax_of_integers() {
    const x = torch.arange(3);
    yield [x];
    x.softmax(0);
  },
  *neg_of_bools() {
    const x = torch.tensor([true]);
    yield [x];
    x.neg();
  },
  *sub_of_bools() {
    const x = torch.tensor([true]), y = torch.tensor([false]);
    yield [x, y];
    x.sub(y);
  },
  *bool_minus_number() {
    const x = torch.tensor([true]);
    yield [x];
    torch.rsub(x, 1);
  },
  *bitwise_not_of_floats() {
    const x = torch.ones(2);
    yield [x];
    x.bitwise_not();
  },
  *bitwise_and_of_floats() {
    const x = torch.ones(2), y = torch.ones(2);
    yield [x, y];
    x.bitwise_and(y);
  },
  *integer_to_a_negative_power() {
    const x = torch.tensor([1n, 2n]);
    yield [x];
    x.pow(-1);
  },
  *integer_division_by_zero() {
    const x = torch.tensor([1n, 2n]), y = torch.tensor([0n, 1n]);
    yield [x, y];
    x.floor_divide(y);
  },
  *integer_remainder_by_zero() {
    const x = torch.tensor([1n, 2n]);
    yield [x];
    x.remainder(0);
  },
  *logit_of_an_integer_inplace() {
    const x = torch.tensor([1n, 2n]);
    yield [x];
    x.logit_();
  },
  *sum_into_an_integer_out() {
    const x = torch.ones(2), y = torch.zeros(2, { dtype: torch.int64 });
    yield [x, y];
    torch.add(x, x, { out: y });
  },
  *out_of_a_tensor_that_requires_grad() {
    const x = leaf(2), y = torch.zeros(2);
    yield [x, y];
    call(torch, "mul", x, x, { out: y });
  },
  *lerp_of_two_dtypes() {
    const x = torch.ones(2), y = torch.ones(2, { dtype: torch.float64 });
    yield [x, y];
    torch.lerp(x, y, 0.5);
  },
  *index_put_of_another_dtype() {
    const x = torch.zeros(3), i = torch.tensor([0n]), v = torch.ones(1, { dtype: torch.float64 });
    yield [x, i, v];
    x.index_put_([i], v);
  },
  *scatter_of_another_dtype() {
    const x = torch.zeros(3), i = torch.tensor([0n]), v = torch.ones(1, { dtype: torch.float64 });
    yield [x, i, v];
    x.scatter(0, i, v);
  },
  *set_default_dtype_of_integers() {
    yield [];
    torch.set_default_dtype(torch.int64);
  },
};
