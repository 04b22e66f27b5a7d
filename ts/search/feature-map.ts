import { cellCount, type Distribution, fromUnit, toUnit } from '../space/distribution.js';
import type { Dimension } from '../space/parse-space.js';
import type { SearchSpace, UnitVector } from '../space/search-space.js';

/** Half of the squared distance that two different choices have between them, so that it is 1. */
const CHOICE = Math.SQRT1_2;
/** Distance between having a parameter and lacking it. */
const PRESENCE = 0.5;

/**
 * Turns unit vectors into features whose Euclidean distance a kernel can use: a number is its unit coordinate, a choice
 * is one-hot, a conditional parameter has one column more that tells whether it is there. The fidelity, where there are
 * several, is the last column and has a group of its own.
 */
export class FeatureMap {
  /** Group of each column: the columns of one parameter share a length-scale. */
  readonly groups: readonly number[];
  readonly nGroups: number;
  readonly hasFidelity: boolean;
  readonly #dimensions: readonly Dimension[];
  readonly #space: SearchSpace;

  constructor(space: SearchSpace, { hasFidelity }: { hasFidelity: boolean }) {
    this.#space = space;
    this.#dimensions = space.dimensions.filter(({ distribution }) => cellCount(distribution) > 1);
    this.hasFidelity = hasFidelity;
    const groups = this.#dimensions.flatMap((dimension, group) =>
      Array.from({ length: this.#nColumns(dimension) }, () => group),
    );
    this.groups = hasFidelity ? [...groups, this.#dimensions.length] : groups;
    this.nGroups = this.#dimensions.length + Number(hasFidelity);
  }

  /** Features of a configuration at a fidelity from 0 to 1. */
  features(unit: UnitVector, fidelity: number): Float64Array {
    const row = new Float64Array(this.groups.length);
    let column = 0;
    for (const dimension of this.#dimensions) {
      const u = unit[dimension.index] ?? Number.NaN;
      const isThere = !Number.isNaN(u);
      const { distribution } = dimension;
      if (distribution.kind === 'categorical') {
        const count = distribution.choices.length;
        const choice = Math.min(count - 1, Math.floor(u * count));
        if (isThere) row[column + choice] = CHOICE;
        column += count;
      } else {
        row[column] = isThere ? centre(distribution, u) : 0.5;
        column += 1;
      }
      if (!this.#space.isAlwaysPresent(dimension)) {
        row[column] = isThere ? PRESENCE : 0;
        column += 1;
      }
    }
    if (this.hasFidelity) row[column] = fidelity;
    return row;
  }

  #nColumns(dimension: Dimension): number {
    const { distribution } = dimension;
    const own = distribution.kind === 'categorical' ? distribution.choices.length : 1;
    return own + Number(!this.#space.isAlwaysPresent(dimension));
  }
}

/** The coordinate of the value that `u` stands for: a stepped range has fewer values than coordinates. */
function centre(distribution: Distribution, u: number): number {
  const isOutside = u < 0 || u > 1;
  if (isOutside || cellCount(distribution) === Number.POSITIVE_INFINITY) return u;
  return toUnit(distribution, fromUnit(distribution, u));
}
