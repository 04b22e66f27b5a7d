import { SparseTuneError } from '../errors.js';
import { didYouMean } from '../space/nearest.js';

/** An objective as JSON; exactly one of `minimize`, `maximize` and `pareto`. */
export interface ObjectiveSpec {
  /** A metric of which less is better, or a weighted sum of such: `kl`, `error+0.1*density`. */
  readonly minimize?: string;
  /** A metric of which more is better: `accuracy`. */
  readonly maximize?: string;
  /** Two metrics neither of which counts more. */
  readonly pareto?: readonly string[];
  /** By metric its bound: a number is the worst value that is allowed (the highest where less is better). */
  readonly subjectTo?: Readonly<
    Record<string, number | { readonly min?: number; readonly max?: number }>
  >;
}

const KEYS = ['minimize', 'maximize', 'pareto', 'subjectTo'] as const;

/**
 * The text of an objective that is given as JSON, for parseObjective.
 *
 * @param higherIsBetter - metrics of which more is better
 * @throws {SparseTuneError} `ERR_OBJECTIVE` naming the field
 *
 * @example
 * objectiveText({ minimize: 'kl', subjectTo: { density: 0.1, accuracy: 0.6 } }, ['accuracy']);
 * // 'kl s.t. density<=0.1, accuracy>=0.6'
 */
export function objectiveText(spec: ObjectiveSpec, higherIsBetter: readonly string[]): string {
  const unknown = Object.keys(spec).find((key) => !KEYS.some((known) => known === key));
  if (unknown !== undefined)
    reject(spec, `no field ${JSON.stringify(unknown)}${didYouMean(unknown, KEYS)}`);
  const head = headText(spec, higherIsBetter);
  const { subjectTo = {} } = spec;
  if (typeof subjectTo !== 'object' || subjectTo === null || Array.isArray(subjectTo))
    reject(spec, 'bounds by metric in subjectTo');
  const bounds = Object.entries(subjectTo).flatMap(([metric, bound]) =>
    boundTexts(metric, bound, { spec, isHigherBetter: higherIsBetter.includes(metric) }),
  );
  return bounds.length === 0 ? head : `${head} s.t. ${bounds.join(', ')}`;
}

function headText(spec: ObjectiveSpec, higherIsBetter: readonly string[]): string {
  const { minimize, maximize, pareto } = spec;
  const given = [minimize, maximize, pareto].filter((part) => part !== undefined);
  if (given.length !== 1) reject(spec, 'exactly one of minimize, maximize and pareto');
  if (pareto !== undefined) {
    if (!Array.isArray(pareto)) reject(spec, 'a list of two metrics in pareto');
    return `pareto(${pareto.join(',')})`;
  }
  const metric = minimize ?? maximize;
  if (typeof metric !== 'string') return reject(spec, 'the name of a metric');
  if (/[(<>]|s\.?\s?t\./.test(metric))
    reject(spec, 'a metric or a weighted sum, and bounds in subjectTo');
  const better = minimize?.match(/[A-Za-z_]\w*/g)?.find((name) => higherIsBetter.includes(name));
  if (better !== undefined) reject(spec, `maximize for ${better}, of which more is better`);
  if (maximize !== undefined && !higherIsBetter.includes(maximize))
    reject(spec, `minimize for ${maximize}, or one of ${higherIsBetter.join(', ')} in maximize`);
  return metric;
}

function boundTexts(
  metric: string,
  bound: unknown,
  { spec, isHigherBetter }: { spec: ObjectiveSpec; isHigherBetter: boolean },
): readonly string[] {
  if (typeof bound === 'number') return [`${metric}${isHigherBetter ? '>=' : '<='}${bound}`];
  const { min, max, ...rest } = (bound ?? {}) as { min?: unknown; max?: unknown };
  const texts = [
    ...(typeof min === 'number' ? [`${metric}>=${min}`] : []),
    ...(typeof max === 'number' ? [`${metric}<=${max}`] : []),
  ];
  const isWhole = [min, max].every((part) => part === undefined || typeof part === 'number');
  if (texts.length === 0 || !isWhole || Object.keys(rest).length > 0)
    reject(spec, `a number, or min and max, as the bound of ${metric}`);
  return texts;
}

function reject(spec: unknown, expected: string): never {
  throw new SparseTuneError(
    'ERR_OBJECTIVE',
    `Expected ${expected} in the objective but received ${JSON.stringify(spec)}`,
  );
}
