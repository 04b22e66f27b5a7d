/** LongBench's metric of each of its subsets. Those that need a Chinese word splitter (jieba) are left out. */
import { bestOf } from './best-of.js';
import { similarityRatio } from './difflib.js';
import type { AnswerMetric } from './metric.js';
import { numberShare } from './number-match.js';
import { roundHalfEven } from './python-round.js';
import { rougeL } from './rouge.js';
import { tokenF1 } from './token-f1.js';

const qaF1 = bestOf(tokenF1);
const rougeLF = bestOf((prediction, reference) => rougeL(prediction, reference).f);
const codeSimilarityOfBest = bestOf(codeSimilarity);
const countOfBest = bestOf((prediction, reference) => numberShare(prediction, [reference]));
/** `classification` against the best of the references; the class names are among the facts. */
export const classificationOfBest: AnswerMetric = (prediction, references, facts) =>
  bestOf((text, reference) => classification(text, reference, facts?.classes ?? []))(
    prediction,
    references,
  );

/** By subset; each takes the best of all references. */
export const longBenchMetrics: Readonly<Record<string, AnswerMetric>> = {
  narrativeqa: qaF1,
  qasper: qaF1,
  multifieldqa_en: qaF1,
  hotpotqa: qaF1,
  '2wikimqa': qaF1,
  musique: qaF1,
  gov_report: rougeLF,
  qmsum: rougeLF,
  multi_news: rougeLF,
  trec: ofFirstLine(classificationOfBest),
  triviaqa: ofFirstLine(qaF1),
  samsum: ofFirstLine(rougeLF),
  lsht: ofFirstLine(classificationOfBest),
  passage_count: countOfBest,
  passage_retrieval_en: bestOf(paragraphNumber('Paragraph ')),
  passage_retrieval_zh: bestOf(paragraphNumber('段落')),
  lcc: codeSimilarityOfBest,
  'repobench-p': codeSimilarityOfBest,
};

/** The subset whose metric a name with the suffix `_e` (even lengths) has. */
export function withoutLengthSuffix(subset: string): string {
  return subset.replace(/_e$/, '');
}

/**
 * One over the number of class names that the prediction holds, if the reference is among them, else 0. Names that are a
 * part of the reference do not count; but of two such that follow one another the second does, as upstream removes them
 * from the list that it walks.
 */
export function classification(
  prediction: string,
  reference: string,
  classes: readonly string[],
): number {
  const found = classes.filter((name) => prediction.includes(name));
  for (let i = 0; i < found.length; i++) {
    const name = found[i] ?? '';
    if (reference.includes(name) && name !== reference) found.splice(found.indexOf(name), 1);
  }
  return found.includes(reference) ? 1 / found.length : 0;
}

/**
 * `passage_retrieval_*`: as `numberShare`, of the number that follows `word` in the reference; 0 where none does.
 *
 * @param word - `Paragraph ` with its blank, or the Chinese word without
 */
export function paragraphNumber(word: string): (prediction: string, reference: string) => number {
  const pattern = new RegExp(`${word}(\\p{Nd}+)`, 'u');
  return (prediction, reference) => {
    const number = pattern.exec(reference)?.[1];
    return number === undefined ? 0 : numberShare(prediction, [number]);
  };
}

/** Similarity, in hundredths, of the reference to the first line without a backtick, `#` or `//`. */
export function codeSimilarity(prediction: string, reference: string): number {
  const lines = withoutLeadingNewlines(prediction).split('\n');
  const line = lines.find((text) => !/`|#|\/\//.test(text)) ?? '';
  if (line === reference) return 1;
  if (line === '' || reference === '') return 0;
  return roundHalfEven(100 * similarityRatio(line, reference), 0) / 100;
}

function ofFirstLine(metric: AnswerMetric): AnswerMetric {
  return (prediction, references, facts) =>
    metric(withoutLeadingNewlines(prediction).split('\n')[0] ?? '', references, facts);
}

function withoutLeadingNewlines(text: string): string {
  return text.replace(/^\n+/, '');
}
