/**
 * Schedulers along a cosine (Loshchilov and Hutter, 2016).
 */
import { ValueError } from "../../errors.ts";
import { type Constructor, constructorOf, python } from "../../nn/arguments.ts";
import { pythonType } from "../../python.ts";
import type { Optimizer } from "../optimizer.ts";
import { type GivenOptimizer, LRScheduler, SCHEDULER, type SchedulerOptions } from "./scheduler.ts";

/** Arguments of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** Half the period. */
  T_max: number;
  /** The smallest learning rate. */
  eta_min: number;
}

const readCosineAnnealingLR = constructorOf<CosineAnnealingLROptions & { optimizer: Optimizer }>("CosineAnnealingLR", ["optimizer", "T_max"], {
  eta_min: 0,
  ...SCHEDULER,
});

/** Lets the learning rates swing between those at the beginning and `eta_min`. */
export class CosineAnnealingLR extends LRScheduler {
  /** Half the period. */
  T_max: number;
  /** The smallest learning rate. */
  eta_min: number;

  /** Takes the optimizer, `T_max`, `eta_min` (0), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<CosineAnnealingLROptions>, ...args: Constructor<CosineAnnealingLROptions>) {
    const { optimizer, T_max, eta_min, last_epoch } = readCosineAnnealingLR([first, ...args]);
    super(optimizer, last_epoch);
    this.T_max = T_max;
    this.eta_min = eta_min;
    this.begin();
  }

  /** From the last learning rates, so that others may change them as well. */
  override get_lr(): number[] {
    const { last_epoch, T_max, eta_min } = this;
    if (last_epoch === 0) return this.unchanged();
    if (this._step_count === 1 && last_epoch > 0) return this.closedForm();
    if ((last_epoch - 1 - T_max) % (2 * T_max) === 0) {
      return this.groups.map(({ lr }, i) => lr + (this.base_lrs[i] - eta_min) * (1 - Math.cos(Math.PI / T_max)) / 2);
    }
    const factor = (1 + Math.cos(Math.PI * last_epoch / T_max)) / (1 + Math.cos(Math.PI * (last_epoch - 1) / T_max));
    return this.groups.map(({ lr }) => factor * (lr - eta_min) + eta_min);
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    return this.base_lrs.map((base) => this.eta_min + (base - this.eta_min) * (1 + Math.cos(Math.PI * this.last_epoch / this.T_max)) / 2);
  }
}

/** Arguments of `CosineAnnealingWarmRestarts`. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** Epochs before the first restart. */
  T_0: number;
  /** The factor of their number after each. */
  T_mult: number;
  /** The smallest learning rate. */
  eta_min: number;
}

const readWarmRestarts = constructorOf<CosineAnnealingWarmRestartsOptions & { optimizer: Optimizer }>("CosineAnnealingWarmRestarts", ["optimizer", "T_0"], {
  T_mult: 1,
  eta_min: 0,
  ...SCHEDULER,
});

/** Lets the learning rates fall along a cosine, again and again. */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** Epochs before the first restart. */
  T_0: number;
  /** Epochs between the last restart and the next. */
  T_i: number;
  /** The factor of their number after each. */
  T_mult: number;
  /** The smallest learning rate. */
  eta_min: number;
  /** Epochs since the last restart. */
  T_cur: number;

  /** Takes the optimizer, `T_0`, `T_mult` (1), `eta_min` (0), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<CosineAnnealingWarmRestartsOptions>, ...args: Constructor<CosineAnnealingWarmRestartsOptions>) {
    const { optimizer, T_0, T_mult, eta_min, last_epoch } = readWarmRestarts([first, ...args]);
    if (T_0 <= 0 || !Number.isInteger(T_0)) throw new ValueError(`Expected positive integer T_0, but got ${python(T_0)}`);
    if (T_mult < 1 || !Number.isInteger(T_mult)) throw new ValueError(`Expected integer T_mult >= 1, but got ${python(T_mult)}`);
    if (typeof eta_min !== "number") throw new ValueError(`Expected float or int eta_min, but got ${eta_min} of type <class '${pythonType(eta_min)}'>`);
    super(optimizer, last_epoch);
    this.T_0 = T_0;
    this.T_i = T_0;
    this.T_mult = T_mult;
    this.eta_min = eta_min;
    this.T_cur = last_epoch;
    this.begin();
  }

  /** By the time since the last restart. */
  override get_lr(): number[] {
    return this.base_lrs.map((base) => this.eta_min + (base - this.eta_min) * (1 + Math.cos(Math.PI * this.T_cur / this.T_i)) / 2);
  }

  /** Epochs may be fractions. */
  protected override advance(epoch: number | null): void {
    if (epoch === null && this.last_epoch >= 0) {
      this.T_cur++;
      if (this.T_cur >= this.T_i) {
        this.T_cur -= this.T_i;
        this.T_i *= this.T_mult;
      }
    } else this.#goTo(epoch ?? 0);
    super.advance(epoch === null && this.last_epoch >= 0 ? null : Math.floor(epoch ?? 0));
  }

  #goTo(epoch: number): void {
    const { T_0, T_mult } = this;
    if (epoch < 0) throw new ValueError(`Expected non-negative epoch, but got ${python(epoch)}`);
    this.T_i = T_0;
    this.T_cur = epoch;
    if (epoch < T_0) return;
    if (T_mult === 1) {
      this.T_cur = epoch % T_0;
      return;
    }
    const n = Math.trunc(Math.log(epoch / T_0 * (T_mult - 1) + 1) / Math.log(T_mult));
    this.T_cur = epoch - T_0 * (T_mult ** n - 1) / (T_mult - 1);
    this.T_i = T_0 * T_mult ** n;
  }
}
