/** Finds the metric of an answer and the scale of a benchmark by name. */
import { SparseTuneError } from '../../errors.js';
import { aime2024, aime2025 } from './aime.js';
import { bestOf } from './best-of.js';
import { choiceAToD, codeDebug, correctAnswerLetter, nameMatch } from './choice.js';
import { infiniteBenchMetrics } from './infinite-bench.js';
import {
  classificationOfBest,
  codeSimilarity,
  longBenchMetrics,
  paragraphNumber,
  withoutLengthSuffix,
} from './longbench.js';
import {
  clozeExact,
  clozePartial,
  clozeShare,
  loogleMetrics,
  loogleTextMetrics,
} from './loogle.js';
import type { AnswerMetric, BenchmarkScale } from './metric.js';
import {
  codeRun,
  firstInteger,
  mathCalc,
  mathFind,
  numberShare,
  wordMatch,
} from './number-match.js';
import { rougeL } from './rouge.js';
import {
  aime2024Scale,
  aime2025Scale,
  infiniteBenchScale,
  longBenchScale,
  longBenchV2Scale,
  loogleScale,
  rulerScale,
  zeroScrollsScale,
} from './scales.js';
import { rulerMetric, stringMatchAll, stringMatchPart } from './string-match.js';
import { characterF1, tokenF1 } from './token-f1.js';

const answerMetrics: Readonly<Record<string, AnswerMetric | undefined>> = {
  string_match_all: stringMatchAll,
  string_match_part: stringMatchPart,
  first_integer: firstInteger,
  word_match: wordMatch,
  code_run: codeRun,
  code_debug: codeDebug,
  math_find: mathFind,
  math_calc: mathCalc,
  name_match: nameMatch,
  choice_a_to_d: choiceAToD,
  correct_answer_letter: correctAnswerLetter,
  token_f1: bestOf(tokenF1),
  character_f1: bestOf(characterF1),
  rouge_1_recall: loogleTextMetrics['rouge1_r'],
  rouge_2_recall: loogleTextMetrics['rouge2_r'],
  rouge_l_recall: loogleTextMetrics['rougeL_r'],
  rouge_l_f: bestOf((prediction, reference) => rougeL(prediction, reference).f),
  bleu_1: loogleTextMetrics['bleu1'],
  bleu_4: loogleTextMetrics['bleu4'],
  cloze_exact: clozeShare(clozeExact),
  cloze_partial: clozeShare(clozePartial),
  classification: classificationOfBest,
  paragraph_number: bestOf(paragraphNumber('Paragraph ')),
  paragraph_number_zh: bestOf(paragraphNumber('段落')),
  number_share: bestOf((prediction, reference) => numberShare(prediction, [reference])),
  code_similarity: bestOf(codeSimilarity),
  aime2024,
  aime2025,
};

/** Names that `answerMetric` knows. */
export const answerMetricNames: readonly string[] = Object.keys(answerMetrics);

/**
 * A metric by its own name, such as a user's task gives it.
 *
 * @throws {SparseTuneError} `ERR_TASK` for a name that is none; the message lists all
 */
export function answerMetric(name: string): AnswerMetric {
  return find(answerMetrics, name, 'metric');
}

/**
 * The metric that a benchmark has for one of its subsets.
 *
 * @param benchmark - ruler, infinite_bench, loogle, longbench, longbench_v2, aime2024 or aime2025
 * @param subset - as the data set names it; `longbench` takes `trec_e` too; benchmarks without subsets ignore it
 * @throws {SparseTuneError} `ERR_TASK` for a name that is none; the message lists all
 */
export function subsetMetric(benchmark: string, subset: string): AnswerMetric {
  const ofSubset = find(subsetMetrics, benchmark, 'benchmark with a metric');
  return ofSubset(subset);
}

/**
 * How a benchmark publishes a set of answers.
 *
 * @param benchmark - as `subsetMetric`, and zero_scrolls
 * @throws {SparseTuneError} `ERR_TASK` for a name that is none; the message lists all
 */
export function benchmarkScale(benchmark: string): BenchmarkScale {
  return find(benchmarkScales, benchmark, 'benchmark');
}

const subsetMetrics: Readonly<Record<string, ((subset: string) => AnswerMetric) | undefined>> = {
  ruler: rulerMetric,
  infinite_bench: (subset) => find(infiniteBenchMetrics, subset, 'task of infinite_bench'),
  loogle: (subset) => find(loogleMetrics, subset, 'task of loogle'),
  longbench: (subset) =>
    find(longBenchMetrics, withoutLengthSuffix(subset), 'subset of longbench with a metric'),
  longbench_v2: () => correctAnswerLetter,
  aime2024: () => aime2024,
  aime2025: () => aime2025,
};

const benchmarkScales: Readonly<Record<string, BenchmarkScale | undefined>> = {
  ruler: rulerScale,
  infinite_bench: infiniteBenchScale,
  loogle: loogleScale,
  longbench: longBenchScale,
  longbench_v2: longBenchV2Scale,
  zero_scrolls: zeroScrollsScale,
  aime2024: aime2024Scale,
  aime2025: aime2025Scale,
};

function find<T>(table: Readonly<Record<string, T | undefined>>, name: string, kind: string): T {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry !== undefined) return entry;
  const names = Object.keys(table).join(', ');
  throw new SparseTuneError('ERR_TASK', `Expected a ${kind} (${names}) but received "${name}"`);
}
