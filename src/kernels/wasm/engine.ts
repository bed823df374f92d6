/**
 * The WebAssembly instance behind the kernels: compiled on first use, with a scratch memory that blocks of data are copied through.
 */

import { RELAXED_SIMD, SIMD } from "./binary.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** An exported function: addresses and counts in, nothing out. */
export type Kernel = (...parameters: number[]) => void;

/** Kernels by name, and their memory, which `reserve` renews when it grows. */
export interface Engine {
  /** The exported functions. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  /** The memory itself. */
  readonly memory: WebAssembly.Memory;
  /** Whether it has relaxed SIMD, with which a product and a sum are rounded once. */
  readonly fused: boolean;
  /** The memory as float32. */
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

/** Compiles one of the two binaries; null where the engine lacks what it needs or a content security policy forbids it. */
export function instantiate(base64: string, fused = false): Engine | null {
  try {
    const bytes = decode(base64);
    if (!WebAssembly.validate(bytes)) return null;
    const memory = new WebAssembly.Memory({ initial: 1 });
    const views = () => {
      const buffer = memory.buffer as ArrayBuffer;
      return { float32: new Float32Array(buffer), float64: new Float64Array(buffer) };
    };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory },
      Math: { sin: Math.sin, cos: Math.cos, tan: Math.tan, log: Math.log },
    });
    const kernels: Record<string, Kernel> = {};
    for (const [name, value] of Object.entries(exports)) if (typeof value === "function") kernels[name] = value as Kernel;
    const engine: Engine = {
      kernels,
      memory,
      fused,
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
  if (current === undefined) current = instantiate(RELAXED_SIMD, true) ?? instantiate(SIMD, false);
  return current;
}
