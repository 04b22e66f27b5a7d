import type { Confidence, TaskEvidence, ValidationRow } from '../cache/winner.js';
import type { QuestionResult } from '../engine/question.js';
import type { Preset } from '../maskers/presets.js';
import type { Metrics } from '../metrics.js';
import type { Objective } from '../search/objective.js';
import type { Evaluation, Trial } from '../search/trial.js';
import type { SparseConfig } from '../sparse-config.js';
import { draws, pairedInterval } from './bootstrap.js';
import { choose } from './choose.js';
import { measureConfidence } from './confidence.js';
import { meanMetrics } from './evaluate-jobs.js';
import { combine, type Yardstick } from './global-objective.js';
import type { PreparedSplit } from './prepare-split.js';

/** What is validated: a label and a config. */
interface Contender {
  readonly label: string;
  readonly config: SparseConfig;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A contender with its results, question by question of each task. */
interface Measured extends Contender {
  readonly results: readonly (readonly QuestionResult[])[];
}

/** The questions of a task that nothing was chosen on. */
export interface ValidationPart {
  readonly task: string;
  readonly split: PreparedSplit;
}

/** The validation table, and its winner where one holds the constraint. */
export interface Validation {
  /** Over several tasks: the means of the tasks' metrics, the objective normalised. */
  readonly rows: readonly ValidationRow[];
  readonly contexts: number;
  readonly questions: number;
  readonly winner?: ValidationRow;
  /** The candidate that comes nearest where none holds the constraint. */
  readonly nearest?: ValidationRow;
  /** How the score's interval was made, in words. */
  readonly interval: string;
  /** How sure the choice of the winner is. */
  readonly confidence?: Confidence;
  /** The rows of each task where there are several. */
  readonly tasks?: readonly TaskEvidence[];
}

export interface ValidateOptions {
  readonly preset: Preset;
  readonly candidates: readonly Trial[];
  readonly objective: Objective;
  /** Over several tasks: no task's normalised objective may be above it. */
  readonly worstTask?: number | undefined;
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
 * Over several tasks every contender runs on all of them, and the objective is the mean of the tasks' objectives,
 * normalised by dense and the default on the same questions.
 *
 * @throws the signal's reason where it is aborted
 */
export async function validate(
  parts: readonly ValidationPart[],
  options: ValidateOptions,
): Promise<Validation> {
  const { preset, candidates, onRow } = options;
  const anchors = [
    { label: 'dense', config: { maskers: [] } },
    { label: 'default', config: preset.defaultConfig },
  ];
  const measured: Measured[] = [];
  for (const anchor of anchors) measured.push(...(await measure(anchor, parts, options)));
  const table = new ValidationTable(parts, options, measured);
  const rows: ValidationRow[] = [];
  const add = async (contender: Measured) => {
    const row = await table.row(contender);
    rows.push(row);
    onRow(row);
  };
  for (const anchor of measured) await add(anchor);
  for (const { number, params } of candidates) {
    const contender = { label: `trial ${number}`, config: preset.compose(params), params };
    for (const own of await measure(contender, parts, options)) {
      measured.push(own);
      await add(own);
    }
  }
  return table.judge(measured, rows);
}

/** The rows of a validation, of each task and over all of them. */
class ValidationTable {
  readonly #parts: readonly ValidationPart[];
  readonly #options: ValidateOptions;
  readonly #dense: Measured | undefined;
  readonly #yardsticks: ReadonlyMap<string, Yardstick>;

  /** @param anchors - dense, and the default where it can run */
  constructor(
    parts: readonly ValidationPart[],
    options: ValidateOptions,
    anchors: readonly Measured[],
  ) {
    this.#parts = parts;
    this.#options = options;
    const [dense, untuned = dense] = anchors;
    this.#dense = dense;
    const objectiveOf = (contender: Measured | undefined, at: number) =>
      options.objective.evaluate(means(contender?.results[at] ?? [])).value;
    this.#yardsticks = new Map(
      parts.map(({ task }, at) => [
        task,
        { dense: objectiveOf(dense, at), untuned: objectiveOf(untuned, at) },
      ]),
    );
  }

  /** The row over all tasks. */
  async row(contender: Measured): Promise<ValidationRow> {
    const perTask = contender.results.map(means);
    const metrics = meanMetrics(perTask as unknown as Metrics[]) as Record<string, number>;
    return this.#makeRow(contender, metrics, { parts: this.#parts, ...this.#evaluate(perTask) });
  }

  /** @param rows - of the same contenders, in their order */
  async judge(measured: readonly Measured[], rows: readonly ValidationRow[]): Promise<Validation> {
    const candidates = measured.filter(({ params }) => params !== undefined);
    const ownRows = rows.filter(({ params }) => params !== undefined);
    const [winner, nearest] = choose(ownRows.map(toChoice), this.#rule);
    const marked = (row: ValidationRow) =>
      row === ownRows[winner ?? -1] ? { ...row, isWinner: true } : row;
    const won = winner === undefined ? undefined : ownRows[winner];
    return {
      rows: rows.map(marked),
      contexts: this.#parts.reduce((sum, { split }) => sum + split.contexts, 0),
      questions: this.#parts.reduce((sum, { split }) => sum + split.contextOf.length, 0),
      interval: `95 %, paired bootstrap over contexts then questions${this.#parts.length > 1 ? ' of each task by itself' : ''}, ${draws} draws, after selection among ${candidates.length}`,
      ...(won !== undefined && { winner: { ...won, isWinner: true } }),
      ...(nearest !== undefined && { nearest: ownRows[nearest] }),
      ...(winner !== undefined && { confidence: await this.#confidence(candidates, winner) }),
      ...(this.#parts.length > 1 && { tasks: await this.#evidence(measured, won?.label) }),
    };
  }

  /** The objective of the means of each task. */
  #evaluate(perTask: readonly Readonly<Record<string, number>>[]): Evaluation {
    const { objective, worstTask } = this.#options;
    const evaluations = perTask.map((metrics) => objective.evaluate(metrics));
    const [only] = evaluations;
    if (only !== undefined && evaluations.length === 1) return only;
    const named = evaluations.map((each, at) => ({ ...each, task: this.#parts[at]?.task ?? '' }));
    return combine(named, { yardsticks: this.#yardsticks, worstTask });
  }

  get #rule() {
    const { text } = this.#options.objective;
    const floors = this.#parts.map(({ split }) => split.prepared.questions.reference.noiseFloorKl);
    // Over several tasks the objective is no KL any more.
    const isKl = this.#parts.length === 1 && /^kl($| s\.t\.)/.test(text);
    return { tie: isKl ? Math.max(...floors) : 0 };
  }

  #confidence(candidates: readonly Measured[], winner: number): Promise<Confidence> {
    const { objective } = this.#options;
    const rule = this.#rule;
    return measureConfidence(
      candidates.map(({ label, results }) => ({
        label,
        density: meanMetrics(results.flat().map(({ metrics }) => metrics)).density ?? 1,
        results: results.map((own) => own.map(({ metrics }) => metrics)),
      })),
      {
        winner,
        contextOf: this.#parts.map(({ split }) => split.contextOf),
        metrics: objective.metrics,
        evaluate: (perTask) => this.#evaluate(perTask),
        choose: (drawn) => choose(drawn, rule)[0],
      },
    );
  }

  async #evidence(measured: readonly Measured[], winner: string | undefined) {
    const { objective } = this.#options;
    const evidence: TaskEvidence[] = [];
    for (const [at, part] of this.#parts.entries()) {
      const rows: ValidationRow[] = [];
      for (const contender of measured) {
        const metrics = means(contender.results[at] ?? []);
        const row = await this.#makeRow(contender, metrics, {
          parts: [part],
          ...objective.evaluate(metrics),
        });
        rows.push({ ...row, isWinner: row.label === winner });
      }
      const { contexts, contextOf } = part.split;
      evidence.push({ task: part.task, contexts, questions: contextOf.length, rows });
    }
    return evidence;
  }

  async #makeRow(
    contender: Measured,
    metrics: Readonly<Record<string, number>>,
    { parts, value, violation }: Evaluation & { parts: readonly ValidationPart[] },
  ): Promise<ValidationRow> {
    const { label, config, params } = contender;
    return {
      label,
      config,
      ...(params === undefined ? {} : { params }),
      metrics: metrics as unknown as Metrics,
      objective: value,
      violation,
      ...(await this.#score(contender, metrics['score'], parts)),
      isWinner: false,
    };
  }

  /** The score, and its difference to dense on the questions that have one, of the tasks that have such questions. */
  async #score(
    contender: Measured,
    score: number | undefined,
    parts: readonly ValidationPart[],
  ): Promise<Pick<ValidationRow, 'score' | 'scoreDifference'>> {
    if (score === undefined) return {};
    if (contender.label === 'dense') return { score };
    const strata = parts.map((part) => this.#differences(contender, part));
    const scored = strata.filter(({ differences }) => differences.length > 0);
    return { score, scoreDifference: await pairedInterval(scored) };
  }

  #differences({ results }: Measured, part: ValidationPart) {
    const at = this.#parts.indexOf(part);
    const pairs = (results[at] ?? []).flatMap(({ metrics: { score } }, i) => {
      const dense = this.#dense?.results[at]?.[i]?.metrics.score;
      if (score === undefined || dense === undefined) return [];
      return [{ difference: score - dense, context: part.split.contextOf[i] ?? 0 }];
    });
    return {
      differences: pairs.map(({ difference }) => difference),
      contextOf: pairs.map(({ context }) => context),
    };
  }
}

function toChoice({ objective, violation, metrics }: ValidationRow) {
  return { value: objective, violation, density: metrics.density };
}

function means(results: readonly QuestionResult[]): Readonly<Record<string, number>> {
  return { ...meanMetrics(results.map(({ metrics }) => metrics)) } as Record<string, number>;
}

/** The contender on all tasks; none where it cannot run, which is told, unlike a failure of the engine. */
async function measure(
  contender: Contender,
  parts: readonly ValidationPart[],
  options: ValidateOptions,
): Promise<readonly Measured[]> {
  const { seed, outputError, reuse, signal } = options;
  try {
    const results: (readonly QuestionResult[])[] = [];
    for (const { split } of parts) {
      const { questions } = split.prepared;
      const job = { chain: { ...contender.config, seed }, from: 0, to: questions.questions.length };
      const run = { generate: true, outputError, reuse, signal };
      const [own = []] = await questions.evaluate([job], run);
      results.push(own);
    }
    return [{ ...contender, results }];
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_CONFIG') throw error;
    options.onWarning(`${contender.label} cannot run: ${(error as Error).message}`);
    return [];
  }
}
