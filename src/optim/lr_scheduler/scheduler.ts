/**
 * The base of schedulers, which change the learning rates of an optimizer from epoch to epoch.
 */
import { KeyError, NotImplementedError } from "../../errors.ts";
import { formatNumber } from "../../format/numbers.ts";
import { address } from "../../format/objects.ts";
import { List } from "../../nn/arguments.ts";
import { pythonType } from "../../python.ts";
import { warn } from "../../warnings.ts";
import { Optimizer, type ParamGroup } from "../optimizer.ts";

/** Numbers that print as a list of floats: `[0.1, 1.0]`. */
export class Rates extends List<number> {
  /** `[0.1, 1.0]`. */
  override toString(): string {
    return `[${Array.from(this, (rate) => formatNumber(rate)).join(", ")}]`;
  }
}
Object.defineProperty(Rates, "name", { value: "list" });

/** What all schedulers take by name. */
export interface SchedulerOptions {
  /** The epoch to go on from; -1 for the beginning. */
  last_epoch: number;
  /** Has no effect. */
  verbose: boolean | string;
}

/** An optimizer, by position or by name among the options. */
export type GivenOptimizer<T> = Optimizer | (Partial<T> & { optimizer: Optimizer });

/** The defaults of these. */
export const SCHEDULER: SchedulerOptions = { last_epoch: -1, verbose: "deprecated" };

/** The state of a scheduler by the names of its attributes. */
export type SchedulerState = Record<string, unknown>;

/** The options that schedulers know of a group of parameters. */
export interface Scheduled extends ParamGroup {
  /** The learning rate. */
  lr: number;
  /** The learning rate at the beginning. */
  initial_lr: number;
}

/** What the state of every scheduler ends with. */
const LAST = ["base_lrs", "last_epoch", "verbose", "_step_count", "_get_lr_called_within_step", "_last_lr", "lr_lambdas"];

/** Changes the learning rates of an optimizer: subclasses compute them in `get_lr` and end their constructors with `this.begin()`. */
export abstract class LRScheduler {
  /** The optimizer. */
  readonly optimizer: Optimizer;
  /** The learning rates at the beginning. */
  base_lrs: number[];
  /** How many epochs have passed. */
  last_epoch: number;
  /** Always false. */
  verbose = false;
  /** How often `step` has been called. */
  _step_count = 0;
  /** Whether `step` is running. */
  _get_lr_called_within_step = false;
  /** The learning rates that were set last. */
  _last_lr: number[] = new Rates();
  #begun = false;
  #stepped = false;

  /** Takes the optimizer and the epoch to go on from; null where the learning rates at the beginning do not matter. */
  constructor(optimizer: Optimizer, last_epoch: number | Partial<SchedulerOptions> | null = -1) {
    if (!(optimizer instanceof Optimizer)) throw new TypeError(`${pythonType(optimizer)} is not an Optimizer`);
    this.optimizer = optimizer;
    this.base_lrs = new Rates();
    if (last_epoch === null) {
      this.last_epoch = 0;
      this.#begun = true;
      return;
    }
    this.last_epoch = typeof last_epoch === "number" ? last_epoch : last_epoch.last_epoch ?? -1;
    optimizer.param_groups.forEach((group, i) => {
      if (this.last_epoch === -1) group.initial_lr ??= group.lr;
      else if (!("initial_lr" in group)) throw new KeyError(`param 'initial_lr' is not specified in param_groups[${i}] when resuming an optimizer`);
    });
    this.base_lrs = Rates.from(this.groups, (group) => group.initial_lr);
    optimizer.register_step_post_hook(() => this.#stepped = true);
  }

  /** The groups of the optimizer. */
  protected get groups(): Scheduled[] {
    return this.optimizer.param_groups as Scheduled[];
  }

  /** Sets the learning rates of the first epoch. */
  protected begin(): void {
    this.#begun = true;
    this._step_count = 0;
    this.step();
  }

  /** The learning rates of the next epoch, from those of the last. */
  get_lr(): number[] {
    throw new NotImplementedError();
  }

  /** The learning rates of an epoch, from those at the beginning; null where there is no such formula. */
  protected closedForm(): number[] | null {
    return null;
  }

  /** The learning rates of the groups times a factor. */
  protected scaled(factor: number): number[] {
    return this.groups.map((group) => group.lr * factor);
  }

  /** The learning rates as they are. */
  protected unchanged(): number[] {
    return this.groups.map((group) => group.lr);
  }

  /** Sets the learning rates of the next epoch, or of the one that is given. */
  step(epoch: number | { epoch?: number | null } | null = null): void {
    if (!this.#begun) this.begin();
    if (this._step_count === 1 && !this.#stepped) {
      warn(
        "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call them in the opposite order: " +
          "`optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping the first value of the learning rate schedule. " +
          "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
      );
    }
    this._step_count++;
    this.advance(typeof epoch === "number" || epoch === null ? epoch : epoch.epoch ?? null);
  }

  /** Goes to the next epoch or the one that is given, and sets the learning rates. */
  protected advance(epoch: number | null): void {
    this.last_epoch = epoch ?? this.last_epoch + 1;
    this._get_lr_called_within_step = true;
    try {
      const rates = (epoch === null ? null : this.closedForm()) ?? this.get_lr();
      this.groups.forEach((group, i) => group.lr = rates[i]);
    } finally {
      this._get_lr_called_within_step = false;
    }
    this._last_lr = Rates.from(this.unchanged());
  }

  /** Forgets the last epoch, for schedulers that run others. */
  undo(): void {
    this.last_epoch--;
  }

  /** Begins again, for schedulers that run others. */
  restart(): void {
    this.begin();
  }

  /** The learning rates that were set last. */
  get_last_lr(): number[] {
    if (!this.#begun) this.begin();
    return this._last_lr;
  }

  /** All attributes but the optimizer. */
  state_dict(): SchedulerState {
    const entries = Object.entries(this).filter(([key]) => key !== "optimizer");
    const place = ([key]: [string, unknown]) => LAST.indexOf(key);
    return Object.fromEntries(entries.sort((a, b) => place(a) - place(b)));
  }

  /** Takes the attributes from what `state_dict` gave. */
  load_state_dict(state_dict: SchedulerState): void {
    Object.assign(this, state_dict);
  }

  /** `<torch.optim.lr_scheduler.StepLR object at 0x...>`. */
  toString(): string {
    return `<torch.optim.lr_scheduler.${this.constructor.name} object at ${address(this)}>`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
