/**
 * The quasi-Newton method of limited memory by Broyden, Fletcher, Goldfarb and Shanno (Nocedal, 1980).
 */
import { enable_grad, no_grad } from "../autograd/mode.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { isPlainObject } from "../python.ts";
import { cat } from "../ops/join.ts";
import type { Tensor } from "../tensor.ts";
import { type Active, type Closure, type GivenParams, Optimizer, type Options, optionsOf, type ParamGroup, requireNonNegative } from "./optimizer.ts";
import { type Point, strongWolfe } from "./line_search.ts";

/** Options of `LBFGS`. */
export interface LBFGSOptions {
  /** The length of a step, and with a line search that of the first trial. */
  lr: number;
  /** Iterations a step. */
  max_iter: number;
  /** Evaluations a step; 5/4 of the iterations unless given. */
  max_eval: number | null;
  /** The largest element of the gradient at which the search ends. */
  tolerance_grad: number;
  /** The change of loss and parameters at which the search ends. */
  tolerance_change: number;
  /** How many steps are remembered. */
  history_size: number;
  /** `"strong_wolfe"`, or null for steps of fixed length. */
  line_search_fn: string | null;
}

const readLBFGS = optionsOf<LBFGSOptions>("LBFGS", {
  lr: 1,
  max_iter: 20,
  max_eval: null,
  tolerance_grad: 1e-7,
  tolerance_change: 1e-9,
  history_size: 100,
  line_search_fn: null,
});

/** What is remembered from one iteration to the next. */
interface Memory {
  /** Evaluations of the loss so far. */
  func_evals: number;
  /** Iterations so far. */
  n_iter: number;
  /** The direction. */
  d?: Tensor;
  /** The length of the step along it. */
  t?: number;
  /** Changes of the gradient, the oldest first. */
  old_dirs: Tensor[];
  /** The steps that made them. */
  old_stps: Tensor[];
  /** The reciprocals of their inner products. */
  ro: Tensor[];
  /** The scale of the first guess of the inverse Hessian. */
  H_diag: Tensor | number;
  /** The gradient before the step. */
  prev_flat_grad: Tensor | null;
  /** The loss before the step. */
  prev_loss: number;
}

const dot = (a: Tensor, b: Tensor): number => Number(a.dot(b).item());
const largest = (t: Tensor): number => Number(t.abs().max().item());

/** Minimises a function of all parameters together: `step` evaluates the closure several times. */
export class LBFGS extends Optimizer {
  /** Takes parameters, and `lr` (1), `max_iter` (20), `max_eval`, `tolerance_grad` (1e-7), `tolerance_change` (1e-9), `history_size` (100), `line_search_fn`. */
  constructor(first: GivenParams<LBFGSOptions>, ...args: Options<LBFGSOptions>) {
    const { params, options } = readLBFGS(first, args);
    requireNonNegative("learning rate", options.lr);
    super(params, { ...options, max_eval: options.max_eval ?? Math.floor(options.max_iter * 5 / 4) });
    if (this.param_groups.length !== 1) throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
  }

  get #params(): Tensor[] {
    return this.param_groups[0].params;
  }

  /** All gradients in one vector. */
  #gradient(): Tensor {
    return cat(this.#params.map((p) => (p.ownGrad ?? p.detach().zeros_like()).view(-1)), 0);
  }

  /** Moves the parameters along a direction. */
  #move(length: number, direction: Tensor): void {
    let offset = 0;
    for (const p of this.#params) {
      p.add_(direction.narrow(0, offset, p.count).view_as(p), { alpha: length });
      offset += p.count;
    }
  }

  /** The direction of the next step: the inverse Hessian, as far as the remembered steps tell it, times the negative gradient. */
  #direction({ old_dirs, old_stps, ro, H_diag }: Memory, gradient: Tensor): Tensor {
    const q = gradient.neg();
    const shares: Tensor[] = [];
    for (let i = old_dirs.length - 1; i >= 0; i--) {
      shares[i] = old_stps[i].dot(q).mul(ro[i]);
      q.add_(old_dirs[i], { alpha: -Number(shares[i].item()) });
    }
    const d = q.mul(H_diag);
    old_stps.forEach((s, i) => d.add_(s, { alpha: Number(shares[i].sub(old_dirs[i].dot(d).mul(ro[i])).item()) }));
    return d;
  }

  /** Remembers how the last step has changed the gradient. */
  #remember(memory: Memory, gradient: Tensor, history_size: number): void {
    const { old_dirs, old_stps, ro } = memory;
    const y = gradient.sub(memory.prev_flat_grad!), s = memory.d!.mul(memory.t!);
    const ys = y.dot(s);
    if (!(Number(ys.item()) > 1e-10)) return;
    if (old_dirs.length === history_size) { for (const list of [old_dirs, old_stps, ro]) list.shift(); }
    old_dirs.push(y);
    old_stps.push(s);
    ro.push(ys.reciprocal());
    memory.H_diag = ys.div(y.dot(y));
  }

  protected override update(_group: ParamGroup, _parameters: Active[]): void {
    throw new RuntimeError("LBFGS changes all parameters together");
  }

  /** Several iterations; `closure` evaluates the model and returns the loss. Returns the loss before the first of them. */
  override step(closure: Closure | { closure?: Closure | null } | null = null): Tensor {
    const evaluate = isPlainObject(closure) ? (closure as { closure?: Closure | null }).closure ?? null : closure as Closure | null;
    if (evaluate === null) throw new TypeError("LBFGS.step() missing 1 required positional argument: 'closure'");
    return no_grad(() => this.#minimise(() => enable_grad(evaluate)));
  }

  #minimise(closure: Closure): Tensor {
    const { lr, max_iter, max_eval, tolerance_grad, tolerance_change, history_size, line_search_fn } = this.param_groups[0] as ParamGroup & LBFGSOptions;
    const memory = Object.assign(this.stateOf(this.#params[0]), {
      func_evals: 0,
      n_iter: 0,
      old_dirs: [],
      old_stps: [],
      ro: [],
      H_diag: 1,
      prev_flat_grad: null,
      prev_loss: 0,
      ...this.stateOf(this.#params[0]),
    }) as Memory;
    const first = closure();
    let loss = Number(first.item());
    let evaluations = 1;
    memory.func_evals++;
    let gradient = this.#gradient();
    if (largest(gradient) <= tolerance_grad) return first;
    for (let i = 1; i <= max_iter; i++) {
      memory.n_iter++;
      if (memory.n_iter === 1) memory.d = gradient.neg();
      else {
        this.#remember(memory, gradient, history_size);
        memory.d = this.#direction(memory, gradient);
      }
      memory.prev_flat_grad = gradient.clone();
      memory.prev_loss = loss;
      // the first direction has the length of the gradient, which says nothing about how far to go
      memory.t = memory.n_iter === 1 ? Math.min(1, Number(gradient.abs().sum().reciprocal().item())) * lr : lr;
      const d = memory.d;
      const slope = dot(gradient, d);
      if (slope > -tolerance_change) break;
      let found: Point | null = null;
      let count = 0;
      if (line_search_fn !== null) {
        if (line_search_fn !== "strong_wolfe") throw new RuntimeError("only 'strong_wolfe' is supported");
        const start = this.#params.map((p) => p.clone());
        const at = (t: number): Point => {
          this.#move(t, d);
          const value = Number(closure().item());
          const g = this.#gradient();
          this.#params.forEach((p, k) => p.copy_(start[k]));
          count++;
          return { t, value, gradient: g, slope: dot(g, d) };
        };
        found = strongWolfe(at, { t: 0, value: loss, gradient, slope }, memory.t, largest(d), tolerance_change);
        memory.t = found.t;
        this.#move(memory.t, d);
      } else {
        this.#move(memory.t, d);
        // the value after the last step is not needed
        if (i !== max_iter) {
          found = { t: memory.t, value: Number(closure().item()), gradient: this.#gradient(), slope: 0 };
          count = 1;
        }
      }
      if (found !== null) {
        loss = found.value;
        gradient = found.gradient;
      }
      evaluations += count;
      memory.func_evals += count;
      if (i === max_iter || evaluations >= max_eval!) break;
      if (found !== null && largest(gradient) <= tolerance_grad) break;
      if (largest(d.mul(memory.t)) <= tolerance_change) break;
      if (Math.abs(loss - memory.prev_loss) < tolerance_change) break;
    }
    return first;
  }
}
