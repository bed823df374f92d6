/**
 * Schedulers made of schedulers.
 */
import { ValueError } from "../../errors.ts";
import { List } from "../../nn/arguments.ts";
import { isPlainObject } from "../../python.ts";
import type { Optimizer } from "../optimizer.ts";
import { LRScheduler, Rates, type SchedulerState } from "./scheduler.ts";

function refuseOthers(name: string, schedulers: readonly LRScheduler[], optimizer: Optimizer): void {
  schedulers.forEach((scheduler, i) => {
    if (scheduler.optimizer === optimizer) return;
    throw new ValueError(
      `${name} expects all schedulers to belong to the same optimizer, but got scheduler ${scheduler.constructor.name} at index ${i} has ` +
        `${scheduler.optimizer}, which is different from ${optimizer.constructor.name}.`,
    );
  });
}

/** Arguments of `SequentialLR`. */
export interface SequentialLROptions {
  /** The schedulers in order. */
  schedulers: readonly LRScheduler[];
  /** The epochs at which the next ones take over. */
  milestones: readonly number[];
  /** The epoch to go on from. */
  last_epoch?: number;
}

/** One scheduler after the other. */
export class SequentialLR extends LRScheduler {
  /** The epochs at which the next ones take over. */
  _milestones: number[];
  /** The schedulers in order. */
  _schedulers: LRScheduler[];

  /** Takes the optimizer, the schedulers, the milestones, `last_epoch` (-1). */
  constructor(
    optimizer: Optimizer,
    schedulers: readonly LRScheduler[] | SequentialLROptions,
    milestones: readonly number[] | Partial<SequentialLROptions> = [],
    last_epoch: number | Partial<SequentialLROptions> = {},
  ) {
    const options: SequentialLROptions = {
      schedulers: isPlainObject(schedulers) ? [] : schedulers as readonly LRScheduler[],
      milestones: isPlainObject(milestones) ? [] : milestones as readonly number[],
      ...typeof last_epoch === "number" ? { last_epoch } : last_epoch,
      ...isPlainObject(milestones) ? milestones : {},
      ...isPlainObject(schedulers) ? schedulers : {},
    };
    const list = options.schedulers;
    if (list.length < 1) throw new ValueError(`SequentialLR expects at least one scheduler, but got no scheduler.`);
    refuseOthers("SequentialLR", list, optimizer);
    if (options.milestones.length !== list.length - 1) {
      throw new ValueError(
        "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, " +
          `but got number of schedulers ${list.length} and the number of milestones to be equal to ${options.milestones.length}`,
      );
    }
    super(optimizer, null);
    this.last_epoch = (options.last_epoch ?? -1) + 1;
    this._milestones = List.from(options.milestones);
    this._schedulers = List.from(list);
    // all of them have set the learning rates of a first epoch: only the first scheduler should have
    for (const group of this.groups) group.lr = group.initial_lr;
    for (const scheduler of list) scheduler.undo();
    list[0].restart();
    this._last_lr = list[0].get_last_lr();
  }

  /** The next epoch, by the scheduler whose turn it is. */
  override step(): void {
    this.last_epoch++;
    const at = this._milestones.filter((milestone) => milestone <= this.last_epoch).length;
    const scheduler = this._schedulers[at];
    if (at > 0 && this._milestones[at - 1] === this.last_epoch) scheduler.step(0);
    else scheduler.step();
    this._last_lr = scheduler.get_last_lr();
  }

  /** Forgets the last epoch of all schedulers. */
  override undo(): void {
    for (const scheduler of this._schedulers) scheduler.undo();
  }

  /** Begins again with the first scheduler. */
  override restart(): void {
    this._schedulers[0].restart();
  }

  /** The milestones, the epoch, the learning rates, and the states of the schedulers. */
  override state_dict(): SchedulerState {
    const { _milestones, last_epoch, _last_lr, _schedulers } = this;
    return { _milestones, last_epoch, _last_lr, _schedulers: List.from(_schedulers, (scheduler) => scheduler.state_dict()) };
  }

  /** Takes all that from what `state_dict` gave. */
  override load_state_dict({ _schedulers, ...state }: SchedulerState): void {
    super.load_state_dict(state);
    (_schedulers as SchedulerState[]).forEach((s, i) => this._schedulers[i].load_state_dict(s));
  }
}

/** Arguments of `ChainedScheduler`. */
export interface ChainedSchedulerOptions {
  /** The optimizer, which the schedulers know. */
  optimizer?: Optimizer | null;
}

/** Several schedulers at once. */
export class ChainedScheduler extends LRScheduler {
  /** The schedulers. */
  _schedulers: LRScheduler[];

  /** Takes the schedulers, and their optimizer. */
  constructor(schedulers: readonly LRScheduler[], optimizer: Optimizer | ChainedSchedulerOptions | null = null) {
    if (schedulers.length < 1) throw new ValueError("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.");
    const given = (isPlainObject(optimizer) ? (optimizer as ChainedSchedulerOptions).optimizer : optimizer as Optimizer | null) ?? schedulers[0].optimizer;
    refuseOthers("ChainedScheduler", schedulers, given);
    super(given, null);
    this._schedulers = List.from(schedulers);
    this._last_lr = Rates.from(this.unchanged());
  }

  /** The next epoch, by all of them. */
  override step(): void {
    for (const scheduler of this._schedulers) scheduler.step();
    this._last_lr = Rates.from(this.unchanged());
  }

  /** The learning rates, and the states of the schedulers. */
  override state_dict(): SchedulerState {
    return { _last_lr: this._last_lr, _schedulers: List.from(this._schedulers, (scheduler) => scheduler.state_dict()) };
  }

  /** Takes all that from what `state_dict` gave. */
  override load_state_dict({ _schedulers, ...state }: SchedulerState): void {
    super.load_state_dict(state);
    (_schedulers as SchedulerState[]).forEach((s, i) => this._schedulers[i].load_state_dict(s));
  }
}
