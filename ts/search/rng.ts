/**
 * A seeded source of random numbers: xoshiro128** whose state comes from (seed, counter) by splitmix32.
 *
 * `Rng.at(seed, counter)` gives an independent stream for each counter, so that what the n-th suggestion draws does
 * not depend on how much the others drew.
 *
 * @see Blackman and Vigna, "Scrambled linear pseudorandom number generators", arXiv:1805.01407
 */
export class Rng {
  readonly #state: Uint32Array;

  private constructor(state: Uint32Array) {
    this.#state = state;
  }

  /** The stream of a seed and a counter, both integers of at most 53 bits. */
  static at(seed: number, counter: number): Rng {
    let mix = 0;
    for (const word of [...words(seed), ...words(counter)]) mix = scramble(mix ^ word) + 0x9e3779b9;
    const state = new Uint32Array(4);
    for (let i = 0; i < 4; i++) {
      mix = (mix + 0x9e3779b9) | 0;
      state[i] = scramble(mix);
    }
    if (state.every((word) => word === 0)) state[0] = 1;
    return new Rng(state);
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.#state;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = s;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9);
    const a = s2 ^ s0;
    const b = s3 ^ s1;
    s[0] = s0 ^ b;
    s[1] = s1 ^ a;
    s[2] = a ^ (s1 << 9);
    s[3] = rotate(b, 11);
    return result >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform = (): number => ((this.bits() >>> 5) * 0x4000000 + (this.bits() >>> 6)) / 2 ** 53;

  /** An integer from 0 to `n - 1`. */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** `count` different members of `list`, in the list's order. */
  choose<T>(list: readonly T[], count: number): T[] {
    const chosen: T[] = [];
    list.forEach((entry, i) => {
      if (this.uniform() * (list.length - i) < count - chosen.length) chosen.push(entry);
    });
    return chosen;
  }
}

function words(value: number): readonly [number, number] {
  return [value >>> 0, Math.floor(value / 2 ** 32) >>> 0];
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function scramble(word: number): number {
  let z = word | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
