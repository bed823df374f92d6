/**
 * `torch.optim.swa_utils`: averages of the weights that training passes through (Izmailov et al., 2018; Polyak, 1992).
 *
 * @module
 */
import { no_grad } from "../autograd/mode.ts";
import { int64 } from "../dtype.ts";
import { AssertionError, ValueError } from "../errors.ts";
import { BatchNorm } from "../nn/batchnorm.ts";
import { type Constructor, constructorOf, python } from "../nn/arguments.ts";
import { Buffer } from "../nn/parameter.ts";
import { deepcopy, Module } from "../nn/module.ts";
import { tensor } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import type { Optimizer } from "./optimizer.ts";
import { type GivenOptimizer, LRScheduler, type Scheduled } from "./lr_scheduler/scheduler.ts";

/** The new average from the old one, the present value and the number of values so far. */
export type AverageFunction = (averaged: Tensor, current: Tensor, num_averaged: Tensor) => Tensor;
/** The same for lists, in place. */
export type MultiAverageFunction = (averaged: Tensor[], current: Tensor[], num_averaged: Tensor) => void;

function checkDecay(decay: number): void {
  if (decay < 0 || decay > 1) {
    throw new ValueError(`Invalid decay value ${Number.isInteger(decay) ? decay.toFixed(1) : decay} provided. Please provide a value in [0,1] range.`);
  }
}

/** An exponential moving average: decay * averaged + (1 - decay) * current. */
export function get_ema_avg_fn(decay: number = 0.999): AverageFunction {
  checkDecay(decay);
  return (averaged, current) => no_grad(() => averaged.mul(decay).add(current.mul(1 - decay)));
}

/** The same for lists, in place. */
export function get_ema_multi_avg_fn(decay: number = 0.999): MultiAverageFunction {
  checkDecay(decay);
  return (averaged, current) =>
    no_grad(() => {
      averaged.forEach((a, i) => {
        if (a.dtype.is_floating_point) a.lerp_(current[i], 1 - decay);
        else a.copy_(a.mul(decay).add(current[i].mul(1 - decay)));
      });
    });
}

/** The mean of all values: averaged + (current - averaged) / (num_averaged + 1). */
export function get_swa_avg_fn(): AverageFunction {
  return (averaged, current, count) => no_grad(() => averaged.add(current.sub(averaged).div(count.add(1))));
}

/** The same for lists, in place. */
export function get_swa_multi_avg_fn(): MultiAverageFunction {
  return (averaged, current, count) =>
    no_grad(() => {
      averaged.forEach((a, i) => {
        if (a.dtype.is_floating_point) a.lerp_(current[i], 1 / (Number(count.item()) + 1));
        else a.add_(current[i].sub(a).div(count.add(1)));
      });
    });
}

/** Named arguments of `AveragedModel`. */
export interface AveragedModelOptions {
  /** The device: the CPU. */
  device: string | null;
  /** How a value is averaged; by the mean unless given. */
  avg_fn: AverageFunction | null;
  /** How lists of values are averaged. */
  multi_avg_fn: MultiAverageFunction | null;
  /** Whether buffers are averaged too; else they are the model's. */
  use_buffers: boolean;
}

const readAveragedModel = constructorOf<AveragedModelOptions & { model: Module }>("AveragedModel", ["model"], {
  device: null,
  avg_fn: null,
  multi_avg_fn: null,
  use_buffers: false,
});

/** A copy of a model whose parameters are averages of those that the model has had. */
export class AveragedModel extends Module {
  /** The copy. */
  module: Module;
  /** How often `update_parameters` has been called. */
  n_averaged: Tensor = new Buffer(tensor(0, { dtype: int64 }));
  /** How a value is averaged. */
  avg_fn: AverageFunction | null;
  /** How lists of values are averaged. */
  multi_avg_fn: MultiAverageFunction | null;
  /** Whether buffers are averaged too. */
  use_buffers: boolean;

  /** Takes the model, `device`, `avg_fn`, `multi_avg_fn`, `use_buffers` (false). */
  constructor(first: Module | (Partial<AveragedModelOptions> & { model: Module }), ...args: Constructor<AveragedModelOptions>) {
    super();
    const { model, avg_fn, multi_avg_fn, use_buffers } = readAveragedModel([first, ...args]);
    if (avg_fn !== null && multi_avg_fn !== null) throw new AssertionError("Only one of avg_fn and multi_avg_fn should be provided");
    this.module = deepcopy(model, new Map()) as Module;
    this.avg_fn = avg_fn;
    this.multi_avg_fn = multi_avg_fn;
    this.use_buffers = use_buffers;
  }

  /** What the copy computes. */
  override forward(...args: never[]): unknown {
    return this.module.call(...args);
  }

  /** Takes the present parameters of the model into the averages. */
  update_parameters(model: Module): void {
    const values = (m: Module): Tensor[] => this.use_buffers ? [...m.parameters(), ...m.buffers()] : m.parameters();
    const own = values(this.module), current = values(model).map((t) => t.detach());
    no_grad(() => {
      if (Number(this.n_averaged.item()) === 0) own.forEach((t, i) => t.detach().copy_(current[i]));
      else if (this.multi_avg_fn !== null) this.multi_avg_fn(own.map((t) => t.detach()), current, this.n_averaged);
      else {
        const average = this.avg_fn ?? get_swa_avg_fn();
        own.forEach((t, i) => t.detach().copy_(average(t.detach(), current[i], this.n_averaged)));
      }
      if (!this.use_buffers) {
        const theirs = model.buffers();
        this.module.buffers().forEach((b, i) => b.detach().copy_(theirs[i].detach()));
      }
      this.n_averaged.add_(1);
    });
  }
}

/** Computes the running statistics of batch normalization anew, from all batches of a loader; of a batch that is a list its first entry counts. */
export function update_bn(loader: Iterable<Tensor | readonly Tensor[]>, model: Module, _device: string | null = null): void {
  const layers = model.modules().filter((m): m is BatchNorm => m instanceof BatchNorm);
  if (layers.length === 0) return;
  const momenta = layers.map((m) => m.momentum);
  for (const m of layers) m.reset_running_stats();
  const { training } = model;
  model.train();
  for (const m of layers) m.momentum = null;
  no_grad(() => {
    for (const batch of loader) (model.call as (input: Tensor) => unknown).call(model, Array.isArray(batch) ? batch[0] : batch as Tensor);
  });
  layers.forEach((m, i) => m.momentum = momenta[i]);
  model.train(training);
}

/** Named arguments of `SWALR`. */
export interface SWALROptions {
  /** The learning rate in the end, for all groups or for each. */
  swa_lr: number | readonly number[];
  /** In how many epochs it is reached. */
  anneal_epochs: number;
  /** Along what curve. */
  anneal_strategy: "cos" | "linear";
  /** The epoch to go on from; -1 for the beginning. */
  last_epoch: number;
}

const readSWALR = constructorOf<SWALROptions & { optimizer: Optimizer }>("SWALR", ["optimizer", "swa_lr"], {
  anneal_epochs: 10,
  anneal_strategy: "cos",
  last_epoch: -1,
});

const CURVES: Record<string, (t: number) => number> = { cos: (t) => (1 - Math.cos(Math.PI * t)) / 2, linear: (t) => t };

/** Brings the learning rates to a constant, at which weights are averaged. */
export class SWALR extends LRScheduler {
  /** The curve from 0 to 1. */
  anneal_func: (t: number) => number;
  /** In how many epochs the constant is reached. */
  anneal_epochs: number;

  /** Takes the optimizer, `swa_lr`, `anneal_epochs` (10), `anneal_strategy` ("cos"), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<SWALROptions>, ...args: Constructor<SWALROptions>) {
    const { optimizer, swa_lr, anneal_epochs, anneal_strategy, last_epoch } = readSWALR([first, ...args]);
    const groups = optimizer.param_groups;
    const rates = typeof swa_lr === "number" ? groups.map(() => swa_lr) : swa_lr;
    if (rates.length !== groups.length) {
      throw new ValueError(
        `swa_lr must have the same length as optimizer.param_groups. swa_lr has ${rates.length} values, param_groups has ${groups.length}.`,
      );
    }
    groups.forEach((group, i) => group.swa_lr = rates[i]);
    if (!(anneal_strategy in CURVES)) {
      const given: unknown = anneal_strategy;
      throw new ValueError(`anneal_strategy must by one of 'cos' or 'linear', instead got ${typeof given === "string" ? given : python(given)}`);
    }
    if (!Number.isInteger(anneal_epochs) || anneal_epochs < 0) throw new ValueError(`anneal_epochs must be equal or greater than 0, got ${anneal_epochs}`);
    super(optimizer, last_epoch);
    this.anneal_func = CURVES[anneal_strategy];
    this.anneal_epochs = anneal_epochs;
    this.begin();
  }

  /** The way back to the learning rates at the beginning, and on to those of the next epoch. */
  override get_lr(): number[] {
    const share = (step: number) => this.anneal_func(Math.max(0, Math.min(1, step / Math.max(1, this.anneal_epochs))));
    const step = this.anneal_epochs === 0 ? Math.max(1, this._step_count - 1) : this._step_count - 1;
    const before = share(step - 1), now = share(step);
    return (this.groups as (Scheduled & { swa_lr: number })[]).map(({ lr, swa_lr }) => {
      const initial = before === 1 ? swa_lr : (lr - before * swa_lr) / (1 - before);
      return swa_lr * now + initial * (1 - now);
    });
  }
}
