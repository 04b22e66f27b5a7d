import {
  isNumberText,
  isObject,
  type Json,
  type MetricCase,
  readMetricFile,
} from './metric-file.js';
import { type MetricRun, metricRuns, type Outcome } from './metric-runs.js';

const tolerance = 1e-9;

/** The hub compares numbers with texts there and is never right: a defect, which no case should reproduce. */
const skipped = 'infinite_bench.code_run_hub_label';

export interface MetricResult {
  readonly metric: string;
  /** Metric and place in the list of its cases. */
  readonly title: string;
  /** Why it fails; undefined where it passes. */
  readonly failure: string | undefined;
}

/** Runs every case of a metrics file, but for those of the one key that is skipped. */
export function runMetrics(path: string): MetricResult[] {
  return Object.entries(readMetricFile(path))
    .filter(([metric]) => metric !== skipped)
    .flatMap(([metric, cases]) =>
      cases.map((golden, i) => ({
        metric,
        title: `${metric} ${i}`,
        failure: failureOf(metric, golden),
      })),
    );
}

function failureOf(metric: string, golden: MetricCase): string | undefined {
  const entry = Object.hasOwn(metricRuns, metric) ? metricRuns[metric] : undefined;
  if (entry === undefined) return `no metric is called "${metric}"`;
  try {
    const outcome = entry.run(golden);
    return isExpected(entry, golden, outcome) ? undefined : describe(golden, outcome);
  } catch (error) {
    return `raised ${error}`;
  }
}

function isExpected(
  { isNothing = isEmpty }: MetricRun,
  golden: MetricCase,
  outcome: Outcome,
): boolean {
  if (golden['raises'] !== undefined) return isNothing(outcome);
  return golden['expected'] !== undefined && agrees(outcome, golden['expected']);
}

function isEmpty(outcome: Outcome): boolean {
  if (typeof outcome === 'object' && outcome !== null) return Object.values(outcome).every(isEmpty);
  return outcome === 0 || outcome === null || outcome === '';
}

function agrees(outcome: Outcome | undefined, expected: Json): boolean {
  if (typeof outcome === 'number') return Math.abs(outcome - numberOf(expected)) <= tolerance;
  if (outcome === null) return expected === null || Number.isNaN(numberOf(expected));
  if (Array.isArray(outcome)) {
    const isList = Array.isArray(expected) && expected.length === outcome.length;
    return isList && outcome.every((value, i) => agrees(value, expected[i] ?? null));
  }
  if (typeof outcome !== 'object') return outcome === expected;
  const names = isObject(expected) ? Object.keys(expected) : [];
  return (
    isObject(expected) &&
    names.length === Object.keys(outcome).length &&
    names.every((name) =>
      agrees((outcome as Record<string, Outcome>)[name], expected[name] ?? null),
    )
  );
}

/** Infinity, which no metric is, for what is no number. */
function numberOf(value: Json): number {
  if (isNumberText(value)) return Number(value.number);
  return typeof value === 'boolean' ? Number(value) : Number.POSITIVE_INFINITY;
}

function describe(golden: MetricCase, outcome: Outcome): string {
  const { expected, raises, ...inputs } = golden;
  const wanted =
    raises === undefined ? plain(expected) : `nothing, as the hub raises ${plain(raises)}`;
  return `gave ${JSON.stringify(outcome)}, not ${wanted}, of ${plain(inputs)}`;
}

function plain(value: Json | undefined): string {
  return JSON.stringify(value, (_, part) => (isNumberText(part) ? Number(part.number) : part));
}
