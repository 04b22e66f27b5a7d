/** InfiniteBench's metric of each of its tasks, as sparse-attention-hub and kvpress publish them. */

import { bestOf } from './best-of.js';
import { choiceAToD, codeDebug, nameMatch } from './choice.js';
import type { AnswerMetric } from './metric.js';
import { codeRun, firstInteger, mathCalc, mathFind, wordMatch } from './number-match.js';
import { rougeL } from './rouge.js';
import { characterF1, tokenF1 } from './token-f1.js';

/**
 * By task. `longbook_sum_eng` has ROUGE-L F of the package `rouge`, as LongBench's summaries: the hub leaves it out, and
 * InfiniteBench's own scorer uses another package.
 */
export const infiniteBenchMetrics: Readonly<Record<string, AnswerMetric>> = {
  passkey: firstInteger,
  number_string: firstInteger,
  kv_retrieval: wordMatch,
  code_run: codeRun,
  code_debug: codeDebug,
  math_find: mathFind,
  math_calc: mathCalc,
  longdialogue_qa_eng: nameMatch,
  longbook_choice_eng: choiceAToD,
  longbook_qa_eng: bestOf(tokenF1),
  longbook_qa_chn: bestOf(characterF1),
  longbook_sum_eng: bestOf((prediction, reference) => rougeL(prediction, reference).f),
};
