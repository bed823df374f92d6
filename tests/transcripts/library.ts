/**
 * Limits of dtypes, copies of views, checkpoints, states, reflections, averages and what else stands beside the ops; recorded by
 * ../pytorch/programs/library.py.
 */

import * as torch from "../../mod.ts";
import type { Programs } from "./program.ts";

const { nn } = torch;
const { checkpoint, set_checkpoint_early_stop } = torch.utils.checkpoint;
const { swa_utils } = torch.optim;

/** Python's repr of a text. */
const quoted = (text: string): string => `'${text}'`;

/** The programs, by name. */
export const library: Programs = {
  limits_of_dtypes({ print, raises }) {
    const single = torch.finfo(torch.float32);
    print(single);
    // numbers of these sizes are written in another way by JavaScript
    const python = (x: number) => x.toString().replace(/e-(\d)$/, "e-0$1");
    print(python(single.eps), python(single.max), python(single.tiny), python(single.resolution).replace("0.000001", "1e-06"), single.bits, single.dtype);
    print(torch.finfo(torch.float64));
    print(torch.finfo());
    for (const dtype of [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]) {
      const limits = torch.iinfo(dtype);
      print(limits, limits.bits, limits.min, limits.max);
    }
    raises(() => torch.finfo(torch.int32));
    raises(() => torch.iinfo(torch.float32));
    raises(() => torch.iinfo(torch.bool));
    raises(() => Object.assign(single, { eps: 1 }));
    print(torch.full([2], single.max).mul(2), torch.tensor([single.tiny]).div(2 ** 24));
    print(torch.pi, torch.e, python(torch.inf).replace("Infinity", "inf"), String(torch.nan).toLowerCase(), torch.int8 instanceof torch.dtype);
  },
  copies_of_views({ print, raises }) {
    const x = torch.arange(6, { dtype: torch.float32 }).reshape(2, 3).requires_grad_();
    const copies = [
      torch.permute_copy(x, [1, 0]),
      torch.select_copy(x, 0, 1),
      torch.slice_copy(x, 1, 0, 2),
      torch.diagonal_copy(x),
      torch.expand_copy(x, [2, 2, 3]),
      torch.view_copy(x, [3, 2]),
      torch.unfold_copy(x, 1, 2, 1),
    ];
    for (const y of copies) {
      print(y, y.stride(), y._is_view());
      print(torch.autograd.grad(y.mul(y).sum(), x)[0]);
    }
    const parts = torch.split_with_sizes_copy(x, [1, 2], 1);
    print(parts.map((p) => String(p.grad_fn).slice(0, 32)));
    print(torch.autograd.grad(parts[0].sum().add(parts[1].pow(2).sum()), x)[0]);
    raises(() => torch.detach_copy(x).sum().backward());
    raises(() => torch.slice_copy(x, 0, 0, 2, 0));
    raises(() => torch.unbind_copy(x.detach(), { out: [torch.empty(3)] }));
  },
  checkpoints({ print, raises }) {
    const x = torch.ones(2, { requires_grad: true });
    const f = (a: torch.TensorClass) => {
      print("begin");
      const b = a.exp();
      print("middle");
      const c = b.sin();
      print("end");
      return c.mul(2);
    };
    const message = (y: torch.TensorClass) => {
      try {
        y.sum().backward();
      } catch (error) {
        print((error as Error).message);
      }
    };
    checkpoint(f, x, { use_reentrant: false }).sum().backward();
    print(x.grad);
    let y = set_checkpoint_early_stop(false, () => checkpoint(f, x, { use_reentrant: false }));
    y.sum().backward({ retain_graph: true });
    y.sum().backward();
    raises(() => y.sum().backward());
    let runs = 0;
    const changing = (a: torch.TensorClass) => ++runs === 1 ? a.exp().sin() : a.exp();
    y = checkpoint(changing, x, { use_reentrant: false });
    message(y);
    let sizes = 0;
    const growing = (a: torch.TensorClass) => ++sizes === 1 ? a.exp() : torch.cat([a, a]).exp().index(torch.slice(null, 2));
    y = checkpoint(growing, x, { use_reentrant: false });
    message(y);
    raises(() => checkpoint(f, x, { use_reentrant: true, size: 1 }));
    torch.manual_seed(0);
    const layer = new nn.Linear(2, 2), drop = new nn.Dropout(0.5);
    for (const use_reentrant of [false, true]) {
      const z = checkpoint((a: torch.TensorClass) => drop.call(layer.call(a)), x, { use_reentrant });
      z.sum().backward();
      print(z, layer.weight.grad);
    }
  },
  states_and_hooks({ print, raises }) {
    torch.manual_seed(1);
    const model = new nn.Sequential(new nn.Linear(1, 2), new nn.BatchNorm1d(2));
    model.register_state_dict_pre_hook((_, prefix, keep) => print("before", quoted(prefix), keep));
    model.index(0).register_state_dict_post_hook((_, state, _prefix, meta) => print("after", [...state.keys()], meta.version));
    const state = model.state_dict();
    print([...state.keys()]);
    model.register_load_state_dict_post_hook((_, keys) => print(keys));
    print(model.load_state_dict(state));
    state.delete("1.num_batches_tracked");
    raises(() => model.load_state_dict(state));
    model.load_state_dict(Object.fromEntries(state));
    print(model.load_state_dict({ "0.weight": torch.ones(2, 1), "2.x": torch.ones(1) }, { strict: false }));
    raises(() => model.load_state_dict(3 as never));
    model.set_submodule("1", new nn.Tanh());
    print(model);
    raises(() => model.set_submodule("5.0", new nn.Tanh()));
    const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 });
    optimizer.register_step_pre_hook((_, args, kwargs) => print("step", args.length, Object.keys(kwargs).length === 0 ? "{}" : kwargs));
    optimizer.register_load_state_dict_post_hook(() => print("loaded"));
    optimizer.step();
    optimizer.load_state_dict(optimizer.state_dict());
    const leaf = torch.ones(2, { requires_grad: true });
    leaf.register_post_accumulate_grad_hook((p) => p.grad!.mul(2));
    raises(() => leaf.mul(3).sum().backward());
    print(leaf.grad);
  },
  averages_of_weights({ print, raises }) {
    torch.manual_seed(2);
    const model = new nn.Linear(2, 1);
    const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 });
    const mean = new swa_utils.AveragedModel(model);
    const moving = new swa_utils.AveragedModel(model, { multi_avg_fn: swa_utils.get_ema_multi_avg_fn(0.9) });
    const schedule = new swa_utils.SWALR(optimizer, { swa_lr: 0.05, anneal_epochs: 2 });
    const x = torch.tensor([[1, 2], [3, -1]]);
    for (let i = 0; i < 4; i++) {
      optimizer.zero_grad();
      model.call(x).pow(2).sum().backward();
      optimizer.step();
      mean.update_parameters(model);
      moving.update_parameters(model);
      schedule.step();
      print(Array.from(schedule.get_last_lr(), (rate) => rate.toFixed(6)));
    }
    print(mean);
    print(mean.module.get_parameter("weight"), moving.module.get_parameter("weight"), mean.n_averaged);
    raises(() => swa_utils.get_ema_avg_fn(2.5));
  },
  reflections_and_differences({ print, raises }) {
    const a = torch.tensor([[1, 2], [3, -1], [0.5, 4]]);
    const [v, tau] = torch.geqrf(a);
    print(v, tau);
    v.requires_grad_();
    tau.requires_grad_();
    const q = torch.linalg.householder_product(v, tau);
    print(q);
    print(torch.autograd.grad(q.pow(3).sum(), [v, tau])[0]);
    print(torch.ormqr(v, tau, torch.eye(3), { transpose: true }).grad_fn !== null);
    raises(() => torch.linalg.householder_product(v, torch.ones(5)));
    raises(() => torch.geqrf(a.requires_grad_())[0].sum().backward());
    raises(() => a.solve(a));
    const y = torch.tensor([1, 4, 9, 16], { requires_grad: true });
    print(torch.gradient(y)[0], torch.gradient(y, { spacing: 2.5, edge_order: 2 })[0]);
    print(torch.gradient(y, { spacing: [torch.tensor([1, 2, 4, 8])] })[0]);
    print(torch.hann_window(5), torch.signal.windows.gaussian(3), torch.bartlett_window(4, { periodic: false }));
    raises(() => torch.gradient(y, { edge_order: 3 as never }));
  },
  draws_into_neighbours({ print }) {
    torch.manual_seed(7);
    const a = torch.empty(3).uniform_(-1, 1), b = torch.empty(3).geometric_(0.5);
    print(a, b);
    print(torch.poisson(torch.tensor([0.5, 4, 30])));
    torch.random.fork_rng(() => void torch.rand(5));
    print(torch.rand(2));
    print(torch.arange(3, { dtype: torch.float32 }).apply_((value) => value * 2 + 1).map_(torch.ones(3), (p, q) => p - q));
  },
  learning_to_learn({ print }) {
    const w = torch.tensor([0.5], { requires_grad: true });
    const x = torch.linspace(-1, 1, 5);
    for (let i = 0; i < 3; i++) {
      let total = torch.zeros([]);
      for (const slope of [1, 2]) {
        const inner = w.mul(x).sub(x.mul(slope)).pow(2).mean();
        const [g] = torch.autograd.grad(inner, w, { create_graph: true });
        const fast = w.sub(g.mul(0.1));
        total = total.add(fast.mul(x).sub(x.mul(slope)).pow(2).mean());
      }
      const [step] = torch.autograd.grad(total, w);
      torch.no_grad(() => w.sub_(step.mul(0.5)));
      print(total, w, step);
    }
  },
};
