import { mean, median } from '../engine/divergence.js';
import { drawnMean, draws, pairedInterval, quantiles, resample } from '../tune/bootstrap.js';
import type { AnswerRow } from './cell-folder.js';
import type { CellReport, Score, SideBySide } from './report.js';

/** What a report says of measurements. */
export type Measured = Pick<
  CellReport,
  | 'score'
  | 'denseScore'
  | 'difference'
  | 'kl'
  | 'goldLogProbGap'
  | 'accuracy'
  | 'density'
  | 'bytesRead'
  | 'readFraction'
  | 'attentionMs'
  | 'stepAttentionMs'
  | 'tokensPerSecond'
  | 'elapsedMs'
>;

const means = ['kl', 'goldLogProbGap', 'accuracy', 'density', 'bytesRead', 'readFraction'] as const;

/**
 * What answers come to; of no answers nothing but the time.
 *
 * @param isDense - leaves out the difference to itself
 */
export async function summarise(
  rows: readonly AnswerRow[],
  { isDense }: { readonly isDense: boolean },
): Promise<Measured> {
  const elapsedMs = rows.reduce((sum, { timings }) => sum + timings.elapsedMs, 0);
  if (rows.length === 0) return { elapsedMs };
  const metrics = means.flatMap((name) => {
    const values = rows.flatMap((row) => finite(row.metrics[name]));
    return values.length === 0 ? [] : [[name, mean(values)] as const];
  });
  return {
    ...(await scores(rows, isDense)),
    ...Object.fromEntries(metrics),
    attentionMs: sideBySide(
      rows.map(({ timings }) => [timings.attentionMs, timings.denseAttentionMs]),
    ),
    ...steps(rows),
    elapsedMs,
  };
}

async function scores(
  rows: readonly AnswerRow[],
  isDense: boolean,
): Promise<Pick<Measured, 'score' | 'denseScore' | 'difference'>> {
  const scored = rows.flatMap(({ context, score, denseScore }) =>
    score === null || denseScore === null ? [] : [{ context, score, denseScore }],
  );
  if (scored.length === 0) return {};
  const ids = [...new Set(scored.map(({ context }) => context))];
  const contextOf = scored.map(({ context }) => ids.indexOf(context));
  const own = scored.map(({ score }) => score);
  const dense = scored.map(({ denseScore }) => denseScore);
  return {
    score: await scoreOf(own, contextOf),
    denseScore: await scoreOf(dense, contextOf),
    ...(!isDense && {
      difference: await pairedInterval([
        { differences: own.map((score, i) => score - (dense[i] ?? 0)), contextOf },
      ]),
    }),
  };
}

/** By the same draws as the interval of the difference: contexts with replacement, then questions within each. */
async function scoreOf(values: readonly number[], contextOf: readonly number[]): Promise<Score> {
  const drawn = new Float64Array(draws);
  await resample([contextOf], ([counts], draw) => {
    drawn[draw] = drawnMean(values, counts);
  });
  const centre = mean([...drawn]);
  const variance = drawn.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (draws - 1);
  return {
    mean: mean(values),
    standardError: values.length > 1 ? Math.sqrt(variance) : null,
    ...quantiles(drawn, 0.025),
  };
}

/** Of the questions on which steps were timed. */
function steps(rows: readonly AnswerRow[]): Pick<Measured, 'stepAttentionMs' | 'tokensPerSecond'> {
  const timed = rows.flatMap(({ timings }) => timings.step ?? []);
  if (timed.length === 0) return {};
  const { sparse, dense, speedup } = sideBySide(timed.map(({ ms, denseMs }) => [ms, denseMs]));
  return {
    stepAttentionMs: sideBySide(
      timed.map(({ attentionMs, denseAttentionMs }) => [attentionMs, denseAttentionMs]),
    ),
    tokensPerSecond: {
      sparse: 1000 / sparse,
      dense: 1000 / dense,
      speedup,
      questions: timed.length,
    },
  };
}

function sideBySide(pairs: readonly (readonly [sparse: number, dense: number])[]): SideBySide {
  return {
    sparse: median(pairs.map(([sparse]) => sparse)),
    dense: median(pairs.map(([, dense]) => dense)),
    speedup: median(pairs.map(([sparse, dense]) => dense / sparse)),
  };
}

/** JSON has no NaN: what could not be measured comes back as null. */
function finite(value: number | null | undefined): number[] {
  return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
}
