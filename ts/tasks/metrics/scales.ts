/** What each benchmark publishes over a set of answers: its own scale, its own rounding, its own mean over tasks. */
import { aime2024, aime2025, extractAime2024, extractAime2025, hasBoxedAnswer } from './aime.js';
import { correctAnswerLetter } from './choice.js';
import { infiniteBenchMetrics } from './infinite-bench.js';
import { longBenchMetrics, withoutLengthSuffix } from './longbench.js';
import { type ClozeCount, clozeExact, clozePartial, loogleTextMetrics } from './loogle.js';
import type { AnswerMetric, BenchmarkAnswer, BenchmarkScale } from './metric.js';
import { mean, meanAsNumpy, roundAsNumpy, roundHalfEven, sum } from './python-round.js';
import { rulerMetric } from './string-match.js';

type Answers = readonly BenchmarkAnswer[];
type Scores = Record<string, number | null>;

/** RULER: percent of each task, and the mean over tasks, rounded to 2. */
export const rulerScale: BenchmarkScale = (answers) => {
  const scores = mapSubsets(answers, (rows, task) =>
    rounded(percent(mean(scoresOf(rows, rulerMetric(task)))), 2),
  );
  return { ...scores, overall: rounded(meanOfKnown(Object.values(scores)), 2) };
};

/** InfiniteBench: each task 0 to 1, and the mean over tasks, rounded to 4. */
export const infiniteBenchScale: BenchmarkScale = (answers) => {
  const means = mapSubsets(answers, (rows, task) =>
    mean(scoresOf(rows, infiniteBenchMetrics[task])),
  );
  return { ...roundAll(means, 4), overall: rounded(meanOfKnown(Object.values(means)), 4) };
};

/**
 * LooGLE: each metric of each task 0 to 1, rounded to 4. `overall` is the mean over tasks of exact matches (cloze) and of
 * ROUGE-L recall (others): upstream's BERTScore needs a model.
 */
export const loogleScale: BenchmarkScale = (answers) => {
  const scores: Scores = {};
  const primary: (number | null)[] = [];
  for (const [task, rows] of groupBySubset(answers)) {
    const means = task === 'shortdep_cloze' ? clozeMeans(rows) : textMeans(rows);
    for (const [name, value] of Object.entries(means)) {
      scores[`${task}.${name}`] = rounded(value, 4);
    }
    primary.push(means['exact_match'] ?? means['rougeL_r'] ?? null);
  }
  return { ...scores, overall: rounded(meanOfKnown(primary), 4) };
};

/**
 * LongBench: percent of each subset, rounded to 2, and `overall` their mean. A subset `..._e` has a key for each range of
 * the context's length in words, such as `trec_e.0-4k`, rounded as NumPy does; `overall.0-4k` is the mean over these.
 */
export const longBenchScale: BenchmarkScale = (answers) => {
  const scores: Scores = {};
  const plain: (number | null)[] = [];
  const byLength: Record<string, (number | null)[]> = {};
  for (const [subset, rows] of groupBySubset(answers)) {
    if (withoutLengthSuffix(subset) === subset) {
      scores[subset] = longBenchScore(subset, rows);
      plain.push(scores[subset]);
      continue;
    }
    for (const [range, value] of Object.entries(longBenchScoreByLength(subset, rows))) {
      scores[`${subset}.${range}`] = value;
      byLength[range] = [...(byLength[range] ?? []), value];
    }
  }
  for (const [range, values] of Object.entries(byLength)) {
    scores[`overall.${range}`] = rounded(meanOfKnown(values), 2);
  }
  return { ...scores, overall: rounded(meanOfKnown(plain), 2) };
};

/** LongBench's `scorer` of one subset: percent, rounded to 2; null of a subset without a metric. */
export function longBenchScore(subset: string, answers: Answers): number | null {
  const scores = scoresOf(answers, longBenchMetrics[subset]);
  return scores.length === 0 ? null : roundHalfEven((100 * sum(scores)) / scores.length, 2);
}

/** LongBench's `scorer_e`: percent of the answers to contexts below 4,000 words, below 8,000 and of the rest. */
export function longBenchScoreByLength(
  subset: string,
  answers: Answers,
): Readonly<Record<'0-4k' | '4-8k' | '8k+', number | null>> {
  const metric = longBenchMetrics[withoutLengthSuffix(subset)];
  const ofRange = (from: number, to: number) => {
    const rows = answers.filter(({ facts }) => from <= wordsOf(facts) && wordsOf(facts) < to);
    const value = percent(meanAsNumpy(scoresOf(rows, metric)));
    return value === null ? null : roundAsNumpy(value, 2);
  };
  return {
    '0-4k': ofRange(Number.NEGATIVE_INFINITY, 4000),
    '4-8k': ofRange(4000, 8000),
    '8k+': ofRange(8000, Number.POSITIVE_INFINITY),
  };
}

/** LongBench-v2: percent of right answers of all, by difficulty and by length, rounded to 1. */
export const longBenchV2Scale: BenchmarkScale = (answers) => {
  const accuracy = (belongs: (answer: BenchmarkAnswer) => boolean) => {
    const scores = scoresOf(answers.filter(belongs), correctAnswerLetter);
    return scores.length === 0 ? null : roundHalfEven((100 * sum(scores)) / scores.length, 1);
  };
  return {
    overall: accuracy(() => true),
    easy: accuracy(({ facts }) => facts?.difficulty === 'easy'),
    hard: accuracy(({ facts }) => facts?.difficulty !== 'easy'),
    short: accuracy(({ facts }) => facts?.length === 'short'),
    medium: accuracy(({ facts }) => facts?.length === 'medium'),
    long: accuracy(({ facts }) => facts?.length !== 'short' && facts?.length !== 'medium'),
  };
};

/** AIME 2024: share of right answers and of texts with an answer, rounded to 4. */
export const aime2024Scale: BenchmarkScale = (answers) => ({
  overall: rounded(mean(scoresOf(answers, aime2024)), 4),
  extraction_success_rate: shareOf(answers, (text) => extractAime2024(text) !== ''),
});

/** AIME 2025: share of right answers, of texts with an answer, and of texts with a boxed one, rounded to 4. */
export const aime2025Scale: BenchmarkScale = (answers) => ({
  overall: rounded(mean(scoresOf(answers, aime2025)), 4),
  extraction_rate: shareOf(answers, (text) => extractAime2025(text) !== ''),
  boxed_format_rate: shareOf(answers, hasBoxedAnswer),
});

/** ZeroSCROLLS, whose references are not public: mean characters (code points) of the answers, rounded to 2. */
export const zeroScrollsScale: BenchmarkScale = (answers) => {
  const lengths = mapSubsets(answers, (rows) => {
    const value = meanAsNumpy(rows.map(({ prediction }) => [...prediction].length));
    return value === null ? null : roundAsNumpy(value, 2);
  });
  const named = Object.entries(lengths).map(([name, value]) => [`${name}.response_length`, value]);
  return { ...Object.fromEntries(named), overall: null };
};

function clozeMeans(rows: Answers): Scores {
  const share = (score: (prediction: string, reference: string) => ClozeCount) => {
    const counts = rows.map(({ prediction, references }) => score(prediction, references[0] ?? ''));
    const total = sum(counts.map(({ count }) => count));
    const matches = sum(counts.map((row) => row.matches));
    return total === 0 ? null : roundHalfEven(matches / total, 4);
  };
  return { exact_match: share(clozeExact), partial_match: share(clozePartial) };
}

function textMeans(rows: Answers): Scores {
  return Object.fromEntries(
    Object.entries(loogleTextMetrics).map(([name, metric]) => [name, mean(scoresOf(rows, metric))]),
  );
}

/** Scores of answers in their order; of a subset without a metric none. */
function scoresOf(answers: Answers, metric: AnswerMetric | undefined): number[] {
  if (metric === undefined) return [];
  return answers.map(({ prediction, references, facts }) => metric(prediction, references, facts));
}

function groupBySubset(answers: Answers): Map<string, BenchmarkAnswer[]> {
  const groups = new Map<string, BenchmarkAnswer[]>();
  for (const answer of answers) {
    const rows = groups.get(answer.subset);
    if (rows === undefined) groups.set(answer.subset, [answer]);
    else rows.push(answer);
  }
  return groups;
}

function mapSubsets(
  answers: Answers,
  score: (rows: Answers, subset: string) => number | null,
): Scores {
  const groups = [...groupBySubset(answers)];
  return Object.fromEntries(groups.map(([subset, rows]) => [subset, score(rows, subset)]));
}

function wordsOf(facts: BenchmarkAnswer['facts']): number {
  return facts?.words ?? 0;
}

function shareOf(answers: Answers, holds: (prediction: string) => boolean): number | null {
  return rounded(mean(answers.map(({ prediction }) => (holds(prediction) ? 1 : 0))), 4);
}

function percent(value: number | null): number | null {
  return value === null ? null : value * 100;
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : roundHalfEven(value, digits);
}

function roundAll(scores: Scores, digits: number): Scores {
  return Object.fromEntries(
    Object.entries(scores).map(([name, value]) => [name, rounded(value, digits)]),
  );
}

/** Mean over what could be measured. */
function meanOfKnown(values: readonly (number | null)[]): number | null {
  return mean(values.filter((value) => value !== null));
}
