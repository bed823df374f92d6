/**
 * `torch.Size` and `torch.device`: what shapes and places print as.
 */
import { RuntimeError } from "./errors.ts";
import { elementCount } from "./layout.ts";

/** A shape: an array of numbers that prints as `torch.Size([2, 3])`. */
export class SizeArray extends Array<number> {
  /** Slices and maps of a shape are plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** The number of elements of a tensor of this shape. */
  numel(): number {
    return elementCount(this);
  }

  /** `torch.Size([2, 3])`. */
  override toString(): string {
    return `torch.Size([${this.join(", ")}])`;
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
Object.defineProperty(SizeArray, "name", { value: "Size" });

/** Makes a `torch.Size` of plain sizes. */
export function makeSize(sizes: Iterable<number>): SizeArray {
  const size = new SizeArray();
  for (const n of sizes) size.push(n);
  return size;
}

/** `torch.Size`: callable with and without `new`. */
export interface SizeConstructor {
  /** A shape of these sizes. */
  new (sizes?: Iterable<number>): SizeArray;
  /** A shape of these sizes. */
  (sizes?: Iterable<number>): SizeArray;
  /** The prototype that `instanceof` looks for. */
  readonly prototype: SizeArray;
}

/** A shape: an array of numbers that prints as `torch.Size([2, 3])`. */
export type Size = SizeArray;

function sizeFunction(sizes: Iterable<number> = []): SizeArray {
  return makeSize(sizes);
}
sizeFunction.prototype = SizeArray.prototype;
/** Makes a shape, with or without `new`: `torch.Size([2, 3])`. */
export const Size: SizeConstructor = sizeFunction as SizeConstructor;

/** A place for tensors; here only the CPU. Its text is `cpu`. */
export class Device {
  /** The kind of device: `cpu`. */
  readonly type: string;
  /** The number among devices of the kind, or null. */
  readonly index: number | null;

  /** Not for users: see `device`. */
  constructor(type: string, index: number | null) {
    this.type = type;
    this.index = index;
  }

  /** `cpu`. */
  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
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
Object.defineProperty(Device, "name", { value: "device" });

const KINDS = "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone";
const DEVICE_TEXT = /^([a-zA-Z_]+)(?::([0-9]+))?$/;

/** Reads a device from its text, `cpu` or `cuda:0`; throws PyTorch's error for a kind that does not exist. */
export function parseDevice(text: string | Device, index: number | null = null): Device {
  if (text instanceof Device) return text;
  const match = DEVICE_TEXT.exec(text);
  if (!match) throw new RuntimeError(`Invalid device string: '${text}'`);
  if (!KINDS.split(", ").includes(match[1])) {
    throw new RuntimeError(`Expected one of ${KINDS} device type at start of device string: ${text}`);
  }
  return new Device(match[1], match[2] === undefined ? index : Number(match[2]));
}

/** The one device there is. */
export const CPU: Device = new Device("cpu", null);

/** `torch.device`: callable with and without `new`. */
export interface DeviceConstructor {
  /** The device of this name. */
  new (type: string | Device, index?: number): Device;
  /** The device of this name. */
  (type: string | Device, index?: number): Device;
  /** The prototype that `instanceof` looks for. */
  readonly prototype: Device;
}

function deviceFunction(type: string | Device, index?: number): Device {
  return parseDevice(type, index ?? null);
}
deviceFunction.prototype = Device.prototype;
/** Names a device, with or without `new`: `torch.device("cpu")`. */
export const device: DeviceConstructor = deviceFunction as DeviceConstructor;
