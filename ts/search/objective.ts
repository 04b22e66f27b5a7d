import { rejectArgument, SparseTuneError } from '../errors.js';
import { didYouMean } from '../space/nearest.js';
import { type ObjectiveSpec, objectiveText } from './objective-spec.js';
import type { Evaluation } from './trial.js';

/** Turns metrics into a value to minimise and the amount by which constraints are broken. */
export interface Objective {
  /** Canonical text: equal objectives have equal texts. */
  readonly text: string;
  /** Metrics that must be reported. */
  readonly metrics: readonly string[];
  /** Whether it has two values of which neither counts more: the study looks for the front between them. */
  readonly isPareto?: boolean;
  evaluate(metrics: Readonly<Record<string, number>>): Evaluation;
  /** By how much each constraint is missed, in its own unit; negative where it holds with room to spare. */
  margins?(metrics: Readonly<Record<string, number>>): readonly number[];
}

/** What is tuned for unless the user says otherwise. */
export const DEFAULT_OBJECTIVE = 'kl s.t. density<=0.1';

/** Names an objective may use: the keys of Metrics. */
export const METRIC_NAMES = [
  'kl',
  'goldLogProbGap',
  'accuracy',
  'density',
  'bytesRead',
  'readFraction',
  'attentionMs',
  'outputError',
  'score',
] as const;

/** Metrics of which more is better: as a value they are negated, so that lower is better throughout. */
const HIGHER_IS_BETTER: readonly string[] = ['accuracy', 'score'];

/** `error` is the short name of sparse-attention-hub. */
const ALIASES: Readonly<Record<string, string>> = { error: 'outputError' };

interface Term {
  readonly weight: number;
  readonly metric: string;
}

interface Constraint {
  readonly metric: string;
  readonly relation: '<=' | '>=';
  readonly bound: number;
}

/**
 * Reads an objective.
 *
 * - `METRIC s.t. METRIC<=X[, METRIC<=Y]`, e.g. `kl s.t. density<=0.1`; a constraint may also be `METRIC>=X`. The
 *   violation is what exceeds the bound; of several the sum of what exceeds each, as shares of the bounds, since their
 *   units differ. `accuracy` and `score` are maximised, all others minimised.
 * - a weighted sum in place of the first METRIC: `error+0.1*density`, where `error` stands for `outputError`.
 * - `pareto(METRIC,METRIC)` in place of the first METRIC: no single winner but the front of trials that none beats in
 *   both, e.g. `pareto(kl,density)`.
 * - `sparsity_N`: 0.99 * outputError + 0.01 * density + 10 * max(0, density - N / 100).
 *
 * The same as JSON, as an object or its text: `{ "minimize": "kl", "subjectTo": { "density": 0.1 } }`; see ObjectiveSpec.
 *
 * @param given - default `kl s.t. density<=0.1`
 * @param options.metrics - names that may be used. Default: those of this package's evaluations.
 * @throws {SparseTuneError} `ERR_OBJECTIVE`, with the nearest known name
 *
 * @example
 * parseObjective('kl s.t. density<=0.05').evaluate({ kl: 0.2, density: 0.08 }); // { value: 0.2, violation: 0.03 }
 */
export function parseObjective(
  given: string | ObjectiveSpec = DEFAULT_OBJECTIVE,
  options: { metrics?: readonly string[] } = {},
): Objective {
  const text = toText(given);
  const sparsity = /^\s*sparsity_(\d+(?:\.\d+)?)\s*$/.exec(text);
  if (sparsity !== null) return sparsityObjective(text.trim(), Number(sparsity[1]));
  const known = options.metrics ?? METRIC_NAMES;
  const [head = '', tail, ...more] = text.split(/\s+s\.?\s?t\.?\s+/);
  if (more.length > 0) reject(text, 'at most one "s.t."');
  const constraints =
    tail === undefined ? [] : tail.split(',').map((part) => parseConstraint(part, text, known));
  const pareto = /^\s*pareto\s*\((.*)\)\s*$/.exec(head);
  if (pareto !== null) return paretoObjective(pareto[1] ?? '', constraints, text, known);
  const terms = head.split('+').map((part) => parseTerm(part, text, known));
  return linearObjective(terms, constraints);
}

function toText(given: unknown): string {
  if (typeof given === 'string' && !/^\s*\{/.test(given)) return given;
  const spec = typeof given === 'string' ? parseJson(given) : given;
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    return rejectArgument('objective', 'a text such as "kl s.t. density<=0.1", or JSON', given);
  return objectiveText(spec, HIGHER_IS_BETTER);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SparseTuneError(
      'ERR_OBJECTIVE',
      `The objective begins like JSON but is none: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The objective of a study whose evaluations report one number, `{ value }`. */
export function valueObjective(direction: 'minimize' | 'maximize' = 'minimize'): Objective {
  const sign = direction === 'maximize' ? -1 : 1;
  return {
    text: direction === 'maximize' ? '-value' : 'value',
    metrics: ['value'],
    evaluate: (metrics) => ({ value: sign * (metrics['value'] ?? Number.NaN), violation: 0 }),
  };
}

/** The objective of a study: read, and turned round where more is better. */
export function orientObjective(
  objective: Objective | ObjectiveSpec | string | undefined,
  direction: 'minimize' | 'maximize' = 'minimize',
): Objective {
  if (objective === undefined) return valueObjective(direction);
  const given =
    typeof objective === 'string' || !('evaluate' in objective)
      ? parseObjective(objective)
      : objective;
  if (direction === 'minimize') return given;
  if (given.isPareto === true)
    return rejectArgument('direction', 'minimize where the objective is pareto(...)', direction);
  return {
    text: `maximize ${given.text}`,
    metrics: given.metrics,
    evaluate: (metrics) => {
      const { value, violation } = given.evaluate(metrics);
      return { value: -value, violation };
    },
    ...(given.margins !== undefined && { margins: given.margins }),
  };
}

function linearObjective(terms: readonly Term[], constraints: readonly Constraint[]): Objective {
  const unitOf = ({ bound }: Constraint) =>
    constraints.length > 1 && bound !== 0 ? Math.abs(bound) : 1;
  const metrics = [...new Set([...terms, ...constraints].map(({ metric }) => metric))];
  const head = terms
    .map(({ weight, metric }) => (weight === 1 ? metric : `${weight}*${metric}`))
    .join('+');
  const tail = constraints
    .map(({ metric, relation, bound }) => `${metric}${relation}${bound}`)
    .join(', ');
  return {
    text: tail === '' ? head : `${head} s.t. ${tail}`,
    metrics,
    evaluate: (given) => ({
      value: terms.reduce((sum, { weight, metric }) => sum + weight * oriented(metric, given), 0),
      violation: constraints.reduce(
        (sum, constraint) => sum + Math.max(0, margin(constraint, given)) / unitOf(constraint),
        0,
      ),
    }),
    ...(constraints.length > 0 && {
      margins: (given) => constraints.map((constraint) => margin(constraint, given)),
    }),
  };
}

/** Two metrics, neither of which counts more. */
function paretoObjective(
  list: string,
  constraints: readonly Constraint[],
  text: string,
  known: readonly string[],
): Objective {
  const names = list.split(',').map((part) => metricName(part.trim(), text, known));
  const [first, second] = names;
  if (first === undefined || second === undefined || names.length > 2 || first === second)
    return reject(text, 'two different metrics in pareto(METRIC,METRIC)');
  const single = linearObjective([{ weight: 1, metric: first }], constraints);
  const tail = single.text.slice(first.length);
  return {
    text: `pareto(${first},${second})${tail}`,
    metrics: [...new Set([first, second, ...single.metrics])],
    isPareto: true,
    ...(single.margins !== undefined && { margins: single.margins }),
    evaluate: (given) => ({
      ...single.evaluate(given),
      objectives: [oriented(first, given), oriented(second, given)],
    }),
  };
}

function oriented(metric: string, metrics: Readonly<Record<string, number>>): number {
  const value = metrics[metric] ?? Number.NaN;
  return HIGHER_IS_BETTER.includes(metric) ? -value : value;
}

function margin(
  { metric, relation, bound }: Constraint,
  metrics: Readonly<Record<string, number>>,
): number {
  const value = metrics[metric] ?? Number.NaN;
  return relation === '<=' ? value - bound : bound - value;
}

/** The hub's objective without its penalties: a trial that fails is failed, not scored. */
function sparsityObjective(text: string, percent: number): Objective {
  if (!(percent > 0 && percent <= 100)) reject(text, 'sparsity_N with N above 0 and at most 100');
  return {
    text: `sparsity_${percent}`,
    metrics: ['outputError', 'density'],
    evaluate: ({ outputError = Number.NaN, density = Number.NaN }) => ({
      value: 0.99 * outputError + 0.01 * density + 10 * Math.max(0, density - percent / 100),
      violation: 0,
    }),
  };
}

function parseTerm(part: string, text: string, known: readonly string[]): Term {
  const match = /^\s*(?:([\d.eE-]+)\s*\*\s*)?([A-Za-z_]\w*)\s*$/.exec(part);
  const weight = Number(match?.[1] ?? 1);
  if (match === null || !(weight > 0) || !Number.isFinite(weight))
    return reject(text, 'METRIC or WEIGHT*METRIC, joined by "+", before "s.t."');
  return { weight, metric: metricName(match[2] ?? '', text, known) };
}

function parseConstraint(part: string, text: string, known: readonly string[]): Constraint {
  const match = /^\s*([A-Za-z_]\w*)\s*(<=|>=)\s*(\S+)\s*$/.exec(part);
  const bound = Number(match?.[3]);
  if (match === null || !Number.isFinite(bound)) {
    return reject(
      text,
      `METRIC<=NUMBER after "s.t.", e.g. "density<=0.1", not ${JSON.stringify(part.trim())}`,
    );
  }
  return {
    metric: metricName(match[1] ?? '', text, known),
    relation: match[2] === '>=' ? '>=' : '<=',
    bound,
  };
}

function metricName(name: string, text: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  const alias = ALIASES[name];
  if (alias !== undefined && known.includes(alias)) return alias;
  throw new SparseTuneError(
    'ERR_OBJECTIVE',
    `Unknown metric ${name} in objective ${JSON.stringify(text)}${didYouMean(name, known)}`,
  );
}

function reject(text: string, expected: string): never {
  throw new SparseTuneError(
    'ERR_OBJECTIVE',
    `Expected ${expected} in objective but received ${JSON.stringify(text)}`,
  );
}
