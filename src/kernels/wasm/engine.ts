/**
 * The WebAssembly instance behind the kernels: compiled on first use, with a scratch memory that blocks of data are copied through.
 */

import { RELAXED_SIMD, SIMD } from "./binary.ts";
import { DATA_ADDRESS, MOST_PAGES } from "./layout.ts";

/** An exported function: addresses and counts in, nothing out. */
export type Kernel = (...parameters: number[]) => void;

/** Kernels by name, and their memory, which `reserve` renews when it grows. */
export interface Engine {
  /** The exported functions. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  /** What the functions were made from: another thread makes the same ones of it. */
  readonly module: WebAssembly.Module;
  /** The memory itself. */
  readonly memory: WebAssembly.Memory;
  /** How the binary form of a module describes the memory where it imports it: a flag, the least and the largest number of pages. */
  readonly limits: readonly number[];
  /** Whether it has relaxed SIMD, with which a product and a sum are rounded once. */
  readonly fused: boolean;
  /** The memory as float32: an array of a shared buffer where the memory is shared, which its users need not know. */
  float32: Float32Array<ArrayBuffer>;
  /** The memory as float64. */
  float64: Float64Array<ArrayBuffer>;
  /** Grows the memory to hold `bytes` bytes of data beyond the constant part, and a little more that kernels may read past the end. */
  reserve(bytes: number): void;
}

const PAGE = 65536;
/** What a kernel may read beyond the data it was given. */
const SLACK = 128;

function decode(base64: string): Uint8Array<ArrayBuffer> {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(base64); // not in every browser yet, but much faster
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * Whether this thread may share memory and wait for other threads: not on a page that is not isolated from other origins, and not in the
 * thread of a window, where waiting is refused even for what has already happened.
 */
function canShare(): boolean {
  if (typeof SharedArrayBuffer === "undefined" || Reflect.get(globalThis, "crossOriginIsolated") === false) return false;
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0) === "not-equal";
  } catch {
    return false;
  }
}

/** In a binary, how the name of the memory ends that it imports, and that it is a memory. */
const IMPORTED = "memory\x02";
/** What is said there of the memory: that it has a largest size, and is shared. */
const HAS_MAXIMUM = 1, SHARED = 3;
/** MOST_PAGES in groups of seven bits, of which all but the last are marked. */
const MAXIMUM = [MOST_PAGES & 127 | 128, MOST_PAGES >> 7 & 127 | 128, MOST_PAGES >> 14];

/** Makes the kernels such for a memory that is shared. */
function setShared(bytes: Uint8Array<ArrayBuffer>): void {
  const name = Array.from(IMPORTED, (letter) => letter.charCodeAt(0));
  bytes[bytes.findIndex((_, i) => name.every((byte, j) => bytes[i + j] === byte)) + name.length] = SHARED;
}

/** Compiles one of the two binaries; null where the engine lacks what it needs or a content security policy forbids it. */
export function instantiate(base64: string, shared = false): Engine | null {
  try {
    const bytes = decode(base64);
    if (shared) setShared(bytes);
    if (!WebAssembly.validate(bytes)) return null;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared });
    const views = () => {
      const buffer = memory.buffer as ArrayBuffer;
      return { float32: new Float32Array(buffer), float64: new Float64Array(buffer) };
    };
    const module = new WebAssembly.Module(bytes);
    const { sin, cos, tan, log } = Math; // threads/serve.ts gives the same
    const { exports } = new WebAssembly.Instance(module, { env: { memory }, Math: { sin, cos, tan, log } });
    const kernels: Record<string, Kernel> = {};
    for (const [name, value] of Object.entries(exports)) if (typeof value === "function") kernels[name] = value as Kernel;
    const engine: Engine = {
      kernels,
      module,
      memory,
      limits: [shared ? SHARED : HAS_MAXIMUM, 1, ...MAXIMUM],
      fused: base64 === RELAXED_SIMD,
      ...views(),
      reserve(bytes) {
        const missing = DATA_ADDRESS + bytes + SLACK - engine.float32.byteLength;
        if (missing <= 0) return;
        memory.grow(Math.ceil(missing / PAGE));
        Object.assign(engine, views());
      },
    };
    return engine;
  } catch {
    return null;
  }
}

let current: Engine | null | undefined;

/** The engine for this platform, with fused multiply-add where it has relaxed SIMD; null where it has no SIMD at all. */
export function engine(): Engine | null {
  if (current === undefined) current = instantiate(RELAXED_SIMD) ?? instantiate(SIMD);
  return current;
}

let shared: Engine | null | undefined;

/**
 * The same with a memory of its own that threads can share; null where they cannot. It is not `engine` itself, for copying to and from shared memory
 * takes a third longer, filling it six times as long.
 */
export function sharedEngine(): Engine | null {
  if (shared === undefined) shared = canShare() ? instantiate(RELAXED_SIMD, true) ?? instantiate(SIMD, true) : null;
  return shared;
}
