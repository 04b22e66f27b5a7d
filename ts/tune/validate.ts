import type { ValidationRow } from '../cache/winner.js';
import type { QuestionResult } from '../engine/question.js';
import type { Preset } from '../maskers/presets.js';
import type { Metrics } from '../metrics.js';
import type { Objective } from '../search/objective.js';
import type { Trial } from '../search/trial.js';
import type { SparseConfig } from '../sparse-config.js';
import { pairedInterval } from './bootstrap.js';
import { meanMetrics } from './evaluate-jobs.js';
import type { PreparedSplit } from './prepare-split.js';

/** What is validated: a label and a config. */
interface Contender {
  readonly label: string;
  readonly config: SparseConfig;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** The validation table, and its winner where one holds the constraint. */
export interface Validation {
  readonly rows: readonly ValidationRow[];
  readonly contexts: number;
  readonly questions: number;
  readonly winner?: ValidationRow;
  /** The candidate that comes nearest where none holds the constraint. */
  readonly nearest?: ValidationRow;
  /** How the score's interval was made, in words. */
  readonly interval: string;
}

export interface ValidateOptions {
  readonly preset: Preset;
  readonly candidates: readonly Trial[];
  readonly objective: Objective;
  readonly seed: number;
  readonly outputError: boolean;
  /** Take what other studies measured of the same config. */
  readonly reuse: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onRow: (row: ValidationRow) => void;
  readonly onWarning: (message: string) => void;
}

/**
 * Runs dense, the untuned default and the candidates on unseen questions, teacher-forced and by generation, and
 * chooses the winner: the lowest objective among the candidates that hold the constraint here. Differences of KL
 * below the noise floor are ties, and of tied candidates the one of lowest density wins. Dense is no candidate.
 *
 * @throws the signal's reason where it is aborted
 */
export async function validate(
  split: PreparedSplit,
  options: ValidateOptions,
): Promise<Validation> {
  const { preset, candidates, onRow } = options;
  const contenders: Contender[] = [
    { label: 'dense', config: { maskers: [] } },
    { label: 'default', config: preset.defaultConfig },
    ...candidates.map(({ number, params }) => ({
      label: `trial ${number}`,
      config: preset.compose(params),
      params,
    })),
  ];
  const rows: ValidationRow[] = [];
  let dense: readonly QuestionResult[] | undefined;
  for (const contender of contenders) {
    const results = await runOrWarn(contender, split, options);
    if (results === undefined) continue;
    dense ??= results;
    const row = await makeRow(contender, results, dense, split, options.objective);
    rows.push(row);
    onRow(row);
  }
  const interval = `95 %, paired bootstrap over contexts then questions, 10,000 draws, after selection among ${candidates.length}`;
  const [winner, nearest] = choose(
    rows.filter(({ params }) => params !== undefined),
    options.objective,
    noiseFloor(split),
  );
  const marked = rows.map((row) => (row === winner ? { ...row, isWinner: true } : row));
  return {
    rows: marked,
    contexts: split.contexts,
    questions: split.contextOf.length,
    interval,
    ...(winner === undefined ? {} : { winner: { ...winner, isWinner: true } }),
    ...(nearest === undefined ? {} : { nearest }),
  };
}

/** A config that cannot run here is reported and left out, unlike a failure of the engine. */
async function runOrWarn(
  contender: Contender,
  split: PreparedSplit,
  options: ValidateOptions,
): Promise<readonly QuestionResult[] | undefined> {
  try {
    return await run(contender, split, options);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_CONFIG') throw error;
    options.onWarning(`${contender.label} cannot run: ${(error as Error).message}`);
    return undefined;
  }
}

async function run(
  { config }: Contender,
  { prepared: { questions } }: PreparedSplit,
  { seed, outputError, reuse, signal }: ValidateOptions,
): Promise<readonly QuestionResult[]> {
  const job = { chain: { ...config, seed }, from: 0, to: questions.questions.length };
  const [results = []] = await questions.evaluate([job], {
    generate: true,
    outputError,
    reuse,
    signal,
  });
  return results;
}

async function makeRow(
  { label, config, params }: Contender,
  results: readonly QuestionResult[],
  dense: readonly QuestionResult[],
  { contextOf }: PreparedSplit,
  objective: Objective,
): Promise<ValidationRow> {
  const metrics = meanMetrics(results.map((result) => result.metrics)) as Metrics;
  const { value, violation } = objective.evaluate({ ...metrics } as Record<string, number>);
  const differences = results.map(
    (result, index) => (result.metrics.score ?? 0) - (dense[index]?.metrics.score ?? 0),
  );
  return {
    label,
    config,
    ...(params === undefined ? {} : { params }),
    metrics,
    objective: value,
    violation,
    score: metrics.score ?? Number.NaN,
    ...(results === dense ? {} : { scoreDifference: await pairedInterval(differences, contextOf) }),
    isWinner: false,
  };
}

function noiseFloor({ prepared }: PreparedSplit): number {
  return prepared.questions.reference.noiseFloorKl;
}

/** The winner, or else the candidate that breaks the constraint least. Rows without finite values are no candidates. */
function choose(
  candidates: readonly ValidationRow[],
  objective: Objective,
  noiseFloorKl: number,
): [ValidationRow | undefined, ValidationRow | undefined] {
  const ranked = candidates
    .filter(({ objective: value, violation }) => Number.isFinite(value + violation))
    .toSorted((a, b) => a.violation - b.violation || a.objective - b.objective);
  const [best] = ranked;
  if (best === undefined || best.violation > 0) return [undefined, best];
  if (!/^kl($| s\.t\.)/.test(objective.text)) return [best, undefined];
  const tied = ranked.filter(
    (row) => row.violation === 0 && row.objective - best.objective <= noiseFloorKl,
  );
  return [tied.toSorted((a, b) => a.metrics.density - b.metrics.density)[0], undefined];
}
