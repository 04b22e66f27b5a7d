import { unitMass } from '../space/distribution.js';

const N_CELLS = 128;
const SQRT_TAU = Math.sqrt(2 * Math.PI);

/** How wide the numeric kernels of a density are, and what part of each lies on the unit interval. */
export class KernelWidths {
  readonly #nDims: number;
  readonly #bandwidth: number | undefined;
  readonly #tables = new Map<number, MassTable>();

  /**
   * @param nDims - dimensions a configuration has at most, which widens the kernels
   * @param bandwidth - overrides the rule
   */
  constructor(nDims: number, bandwidth?: number) {
    this.#nDims = nDims;
    this.#bandwidth = bandwidth;
  }

  /** Width of each of `count` kernels in unit coordinates. */
  of(count: number): number {
    return this.#bandwidth ?? scottBandwidth(count, this.#nDims);
  }

  /** log of the mass that normals of one width have on the unit interval, for so many means that a table is worth it. */
  logMasses(means: Float64Array, sd: number): Float64Array {
    if (means.length <= N_CELLS) return means.map((mean) => Math.log(unitMass(mean, sd)));
    const table = this.#tables.get(sd) ?? new MassTable(sd);
    this.#tables.set(sd, table);
    return means.map((mean) => table.logMass(mean));
  }
}

/** Scott's rule on a unit range of spread 0.2, with a floor that keeps the search from collapsing onto its best point. */
export function scottBandwidth(count: number, nDims: number): number {
  return Math.max(0.2 * (count + 1) ** (-1 / (nDims + 4)), 1 / Math.min(100, count + 3));
}

/** log unitMass(mean, sd) over the mean, by cubic Hermite interpolation; error below 1e-3 where sd is at least 0.01, 1e-7 at 0.1. */
class MassTable {
  readonly #values = new Float64Array(N_CELLS + 1);
  /** Slopes, times the width of a cell. */
  readonly #slopes = new Float64Array(N_CELLS + 1);

  constructor(sd: number) {
    for (let i = 0; i <= N_CELLS; i++) {
      const mean = i / N_CELLS;
      const mass = unitMass(mean, sd);
      const ends = Math.exp(-0.5 * (mean / sd) ** 2) - Math.exp(-0.5 * ((1 - mean) / sd) ** 2);
      this.#values[i] = Math.log(mass);
      this.#slopes[i] = ends / (SQRT_TAU * sd * mass * N_CELLS);
    }
  }

  logMass(mean: number): number {
    const place = Math.min(1, Math.max(0, mean)) * N_CELLS;
    const i = Math.min(N_CELLS - 1, Math.floor(place));
    const t = place - i;
    const [a, b] = [this.#values[i] as number, this.#values[i + 1] as number];
    const [p, q] = [this.#slopes[i] as number, this.#slopes[i + 1] as number];
    const rise = b - a;
    return a + t * (p + t * (3 * rise - 2 * p - q + t * (p + q - 2 * rise)));
  }
}
