/** How each key of a metrics file is computed: the key names a function of the hub. */
import { extractAime2024, extractAime2025 } from '../../ts/tasks/metrics/aime.js';
import { bleu } from '../../ts/tasks/metrics/bleu.js';
import { extractCorrectAnswer } from '../../ts/tasks/metrics/choice.js';
import { type ClozeCount, clozeExact, clozePartial } from '../../ts/tasks/metrics/loogle.js';
import type { BenchmarkAnswer } from '../../ts/tasks/metrics/metric.js';
import { answerMetric, subsetMetric } from '../../ts/tasks/metrics/registry.js';
import { rougeL, rougeN } from '../../ts/tasks/metrics/rouge.js';
import {
  longBenchScore,
  longBenchScoreByLength,
  longBenchV2Scale,
  rulerScale,
} from '../../ts/tasks/metrics/scales.js';
import { isNumberText, type Json, type MetricCase } from './metric-file.js';

/** What a metric gave: a number, a text, null where there is nothing to measure, or several of them. */
export type Outcome =
  | number
  | string
  | null
  | readonly Outcome[]
  | { readonly [name: string]: Outcome };

export interface MetricRun {
  readonly run: (golden: MetricCase) => Outcome;
  /** Whether an outcome is what is wanted where the hub raises. Default: nothing in it but 0, null and empty text. */
  readonly isNothing?: (outcome: Outcome) => boolean;
}

const infiniteBenchTasks = [
  'passkey',
  'number_string',
  'kv_retrieval',
  'code_run',
  'code_debug',
  'math_find',
  'math_calc',
  'longdialogue_qa_eng',
  'longbook_qa_eng',
  'longbook_choice_eng',
  'longbook_qa_chn',
];

export const metricRuns: Readonly<Record<string, MetricRun>> = {
  'ruler.string_match_all': { run: (golden) => rulerScore('vt', golden) },
  'ruler.string_match_part': { run: (golden) => rulerScore('qa_1', golden) },
  'ruler.task_score': { run: (golden) => rulerScale(answersOf(golden))['overall'] ?? null },
  ...Object.fromEntries(
    infiniteBenchTasks.map((task) => [
      `infinite_bench.${task}`,
      { run: (golden: MetricCase) => scoreBy(subsetMetric('infinite_bench', task), golden) },
    ]),
  ),
  'longbench.qa_f1': byName('token_f1'),
  'longbench.rouge_l_f': byName('rouge_l_f'),
  'longbench.count': byName('number_share'),
  'longbench.retrieval': byName('paragraph_number'),
  'longbench.code_sim_difflib': byName('code_similarity'),
  'longbench.classification': byName('classification'),
  'longbench.scorer': {
    run: (golden) => longBenchScore(textOf(golden['task']), answersOf(golden)),
  },
  'longbench.scorer_e': {
    run: (golden) => longBenchScoreByLength(textOf(golden['task']), answersOf(golden)),
  },
  'loogle.rouge_recall': { run: rougeRecall },
  'loogle.rouge_recall_safe': { run: rougeRecall },
  'loogle.bleu': {
    run: (golden) => {
      const [prediction, reference] = pairOf(golden);
      return { bleu1: bleu(1, prediction, reference), bleu4: bleu(4, prediction, reference) };
    },
  },
  'loogle.cloze_exact': cloze(clozeExact),
  'loogle.cloze_partial': cloze(clozePartial),
  'longbenchv2.extract_answer': {
    run: ({ prediction }) => extractCorrectAnswer(textOf(prediction)),
  },
  'longbenchv2.scorer': { run: longBenchV2Table, isNothing: hasEmptyBin },
  'aime2024.extract': { run: ({ prediction }) => extractAime2024(textOf(prediction)) },
  'aime2024.correct': byName('aime2024'),
  'aime2025.extract': { run: ({ prediction }) => extractAime2025(textOf(prediction)) },
  'aime2025.correct': byName('aime2025'),
};

function byName(name: string): MetricRun {
  return { run: (golden) => scoreBy(answerMetric(name), golden) };
}

function scoreBy(metric: ReturnType<typeof answerMetric>, golden: MetricCase): number {
  return metric(textOf(golden['prediction']), referencesOf(golden), factsOf(golden));
}

function rulerScore(task: string, golden: MetricCase): number | null {
  const prediction = textOf(golden['prediction']);
  const answer = { subset: task, prediction, references: referencesOf(golden) };
  return rulerScale([answer])['overall'] ?? null;
}

function rougeRecall(golden: MetricCase): Outcome {
  const [prediction, reference] = pairOf(golden);
  return {
    'rouge-1': rougeN(1, prediction, reference).recall,
    'rouge-2': rougeN(2, prediction, reference).recall,
    'rouge-l': rougeL(prediction, reference).recall,
  };
}

function cloze(score: (prediction: string, reference: string) => ClozeCount): MetricRun {
  return {
    run: (golden) => {
      const { matches, count } = score(...pairOf(golden));
      return [matches, count];
    },
    isNothing: (outcome) => Array.isArray(outcome) && outcome[0] === 0,
  };
}

/** The hub's two lines: names, and numbers that tabs part. */
function longBenchV2Table(golden: MetricCase): Outcome {
  const { overall, easy, hard, short, medium, long } = longBenchV2Scale(answersOf(golden));
  const values = [overall, easy, hard, short, medium, long].map((value) => value ?? null);
  if (values.includes(null)) return values;
  const printed = values.map((value) => value?.toFixed(1)).join('\t');
  return ['Overall\tEasy\tHard\tShort\tMedium\tLong', printed];
}

function hasEmptyBin(outcome: Outcome): boolean {
  return Array.isArray(outcome) && outcome.includes(null);
}

/** Rows of a case that has lists, one element an answer. */
function answersOf(golden: MetricCase): BenchmarkAnswer[] {
  const { predictions, lengths, difficulties } = golden;
  const references = golden['references'] ?? golden['answers'];
  return listOf(predictions).map((prediction, i) => {
    const length = listOf(lengths)[i];
    return {
      subset: textOf(golden['task'] ?? ''),
      prediction: textOf(prediction),
      references: textsOf(listOf(references)[i] ?? null),
      facts: {
        ...factsOf(golden),
        ...(isNumberText(length)
          ? { words: Number(length.number) }
          : { length: textOf(length ?? '') as 'short' }),
        difficulty: textOf(listOf(difficulties)[i] ?? '') as 'easy',
      },
    };
  });
}

function factsOf(golden: MetricCase) {
  return { classes: textsOf(golden['all_classes'] ?? null) };
}

function referencesOf(golden: MetricCase): string[] {
  const { references, reference, label, answer } = golden;
  return textsOf(references ?? reference ?? label ?? answer ?? null);
}

function pairOf(golden: MetricCase): [string, string] {
  return [textOf(golden['prediction']), referencesOf(golden)[0] ?? ''];
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** All texts and numbers in a value, numbers as they are written. */
function textsOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return value === null ? [] : [textOf(value)];
}

function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (isNumberText(value)) return value.number;
  throw new Error(`expected a text but the case has ${JSON.stringify(value)}`);
}
