/**
 * Constants of the kernels, kept in memory at constant addresses: a load from there is one instruction, where V8 makes three of a `v128.const`.
 */
export class Pool {
  readonly #start: number;
  readonly #addresses = new Map<string, number>();
  readonly #bytes: number[] = [];

  /** The pool begins at `start`, a multiple of 8. */
  constructor(start: number) {
    this.#start = start;
  }

  /** The address of these bytes. */
  address(bytes: Uint8Array): number {
    const key = bytes.join();
    let address = this.#addresses.get(key);
    if (address === undefined) {
      address = this.#start + this.#bytes.length;
      this.#addresses.set(key, address);
      this.#bytes.push(...bytes);
    }
    return address;
  }

  /** The first address after the pool. */
  get end(): number {
    return this.#start + this.#bytes.length;
  }

  /** The data segment. */
  text(): string {
    return `(data (i32.const ${this.#start}) "${this.#bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")}")`;
  }
}
