/** Random numbers; recorded by ../pytorch/situations/randomness.py. */

import * as torch from "../../mod.ts";
import { leaf, type Situations } from "./situation.ts";

/** The calls that fail, by name. */
export const randomness: Situations = {
  *bernoulli_of_a_wrong_probability() {
    const x = torch.tensor([0.5, 1.5]);
    yield [x];
    torch.bernoulli(x);
  },
  *multinomial_of_too_many() {
    const x = torch.tensor([0.5, 0.5]);
    yield [x];
    torch.multinomial(x, 3);
  },
  *multinomial_of_zeros() {
    const x = torch.zeros(2);
    yield [x];
    torch.multinomial(x, 1);
  },
  *multinomial_of_negative_weights() {
    const x = torch.tensor([-1, 2]);
    yield [x];
    torch.multinomial(x, 1);
  },
  *normal_of_a_negative_deviation() {
    yield [];
    torch.normal(0, -1, [2]);
  },
  *uniform_of_a_wrong_interval() {
    const x = torch.ones(2);
    yield [x];
    x.uniform_(1, 0);
  },
  *randint_of_an_empty_interval() {
    yield [];
    torch.randint(3, 3, [2]);
  },
  *randperm_of_a_negative_count() {
    yield [];
    torch.randperm(-1);
  },
  *randn_of_integers() {
    yield [];
    torch.randn(2, { dtype: torch.int64 });
  },
  *exponential_of_a_negative_rate() {
    const x = torch.ones(2);
    yield [x];
    x.exponential_(-1);
  },
  *normal_on_a_leaf() {
    const x = leaf(2);
    yield [x];
    x.normal_();
  },
};
