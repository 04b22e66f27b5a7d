/** A fast repeatable source of standard normal numbers (xorshift128 and Marsaglia's polar method). */
export class Gaussian {
  readonly #state: Uint32Array;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed ^ 0x9e3779b9, 0x243f6a88, 0x85a308d3, 0x13198a2e);
    for (let i = 0; i < 16; i += 1) this.uint32();
  }

  uint32(): number {
    const state = this.#state;
    let t = state[3] ?? 0;
    const s = state[0] ?? 0;
    state[3] = state[2] ?? 0;
    state[2] = state[1] ?? 0;
    state[1] = s;
    t ^= t << 11;
    t ^= t >>> 8;
    state[0] = t ^ s ^ (s >>> 19);
    return state[0] ?? 0;
  }

  next(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const u = this.uint32() / 2 ** 31 - 1;
      const v = this.uint32() / 2 ** 31 - 1;
      const square = u * u + v * v;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spare = v * factor;
        return u * factor;
      }
    }
  }

  fill(values: Float32Array): Float32Array {
    for (let i = 0; i < values.length; i += 1) values[i] = this.next();
    return values;
  }

  /** `count` different integers below `end`, ascending. */
  sample(count: number, end: number): Uint32Array {
    const chosen = new Uint32Array(count);
    let taken = 0;
    for (let i = 0; i < end && taken < count; i += 1) {
      if ((this.uint32() / 2 ** 32) * (end - i) < count - taken) {
        chosen[taken] = i;
        taken += 1;
      }
    }
    return chosen;
  }
}
