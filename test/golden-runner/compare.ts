import type { GoldenCase, Manifest } from './manifest.js';
import type { CaseResult } from './run-case.js';

const probabilityTolerance = 5e-6;
const densityTolerance = 1e-6;
const outputErrorTolerance = 1e-5;

/** Why a result is not that of the case, or undefined. */
export function compareCase(
  manifest: Manifest,
  golden: GoldenCase,
  { output, dense, mask, density, ofMask }: CaseResult,
): string | undefined {
  const isTied = golden.mask_compare === 'topk_ties';
  const expected = isTied ? ofMask() : manifest.floats(golden.files, 'output');
  const expectedError = isTied ? relativeDistance(expected, dense) : golden.output_error;
  const isSampledByAngle = golden.chain.some(({ type }) => type === 'magic_pig');
  const outputTolerance = isSampledByAngle ? 1e-4 : 1e-5;
  const outputError = relativeDistance(output, dense);
  return (
    compareMask(manifest, golden, mask) ??
    above('output', relativeDistance(output, expected), outputTolerance) ??
    above('density', Math.abs(density - golden.density), densityTolerance) ??
    above('output error', Math.abs(outputError - expectedError), outputErrorTolerance)
  );
}

function above(name: string, difference: number, tolerance: number): string | undefined {
  // Written so that NaN fails.
  if (difference <= tolerance) return undefined;
  return `${name} differs by ${difference.toExponential(2)}, more than ${tolerance}`;
}

function compareMask(
  manifest: Manifest,
  golden: GoldenCase,
  mask: Float32Array,
): string | undefined {
  const expected = manifest.floats(golden.files, 'mask');
  if (expected.length !== mask.length) {
    return `the mask has ${mask.length} cells, not ${expected.length}`;
  }
  if (golden.mask_compare === 'topk_ties') {
    return compareTies(manifest.floats(golden.files, 'scores'), mask, expected, golden);
  }
  const other = mask.findIndex((cell, i) => cell > 0 !== (expected[i] ?? 0) > 0);
  if (other !== -1) return `mask cell ${other} is ${mask[other]}, not ${expected[other]}`;
  const distances = mask.map((cell, i) => Math.abs(cell - (expected[i] ?? 0)));
  const largest = distances.reduce((a, b) => Math.max(a, b), 0);
  return above('a probability', largest, probabilityTolerance);
}

/** Of equal scores any may be chosen: each row's chosen scores must be the same. */
function compareTies(
  scores: Float32Array,
  mask: Float32Array,
  expected: Float32Array,
  golden: GoldenCase,
): string | undefined {
  const nKv = golden.files['mask']?.shape.at(-1) ?? mask.length;
  for (let row = 0; row < mask.length / nKv; row++) {
    const range = [row * nKv, (row + 1) * nKv] as const;
    const chosen = (cells: Float32Array) =>
      scores
        .slice(...range)
        .filter((_, j) => (cells[row * nKv + j] ?? 0) > 0)
        .sort()
        .join();
    if (chosen(mask) !== chosen(expected)) return `row ${row} chose other scores`;
  }
  return undefined;
}

/** |a - b| / |b| over the whole arrays; NaN where lengths differ. */
function relativeDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN;
  let distance = 0;
  let norm = 0;
  for (const [i, x] of b.entries()) {
    distance += ((a[i] ?? Number.NaN) - x) ** 2;
    norm += x * x;
  }
  return Math.sqrt(distance / norm);
}
