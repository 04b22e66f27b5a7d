import { SparseTuneError } from '../../errors.js';
import { dataSets } from '../data/data-sets.js';
import { dataTask } from '../data/data-task.js';
import { type DataPrompt, isPrepared, preparedPrompt } from '../data/prompt.js';
import type { Row } from '../data/row.js';
import { publishedScores } from '../published-scores.js';
import type { Task, TaskAbout, TaskRequest } from '../task.js';
import { longBenchSubsetsOfAnyLength, originalPrompt } from './original-prompts.js';

/** Subsets of which there is a second one, `<subset>_e`, with contexts of all lengths alike. */
const evenSubsets = [
  'qasper',
  'multifieldqa_en',
  'hotpotqa',
  '2wikimqa',
  'gov_report',
  'multi_news',
  'trec',
  'triviaqa',
  'samsum',
  'passage_count',
  'passage_retrieval_en',
  'lcc',
  'repobench-p',
];

export const longBenchSubsets: readonly string[] = [
  ...longBenchSubsetsOfAnyLength,
  ...evenSubsets.map((subset) => `${subset}_e`),
];

/** Their metric needs a Chinese word splitter: they are run without a score. */
const unscored = ['multifieldqa_zh', 'dureader', 'vcsum'];

const about: Readonly<Record<string, TaskAbout>> = {
  narrativeqa: { measures: 'A question about a story.', metric: 'token_f1' },
  qasper: { measures: 'A question about a paper.', metric: 'token_f1' },
  multifieldqa_en: { measures: 'A question about a text.', metric: 'token_f1' },
  multifieldqa_zh: { measures: 'A question about a Chinese text.', metric: 'none' },
  hotpotqa: { measures: 'A question that needs two passages of many.', metric: 'token_f1' },
  '2wikimqa': { measures: 'A question that needs two passages of many.', metric: 'token_f1' },
  musique: { measures: 'A question that needs several passages.', metric: 'token_f1' },
  dureader: { measures: 'A question about Chinese web pages.', metric: 'none' },
  gov_report: { measures: 'A summary of a report.', metric: 'rouge_l_f' },
  qmsum: { measures: 'A request about a meeting.', metric: 'rouge_l_f' },
  multi_news: { measures: 'A summary of several news.', metric: 'rouge_l_f' },
  vcsum: { measures: 'A summary of a Chinese meeting.', metric: 'none' },
  trec: { measures: 'The type of a question, by examples.', metric: 'classification' },
  triviaqa: { measures: 'A question about a passage, by examples.', metric: 'token_f1' },
  samsum: { measures: 'A summary of a dialogue, by examples.', metric: 'rouge_l_f' },
  lsht: { measures: 'The class of Chinese news, by examples.', metric: 'classification' },
  passage_count: { measures: 'How many paragraphs are different.', metric: 'number_share' },
  passage_retrieval_en: { measures: 'Of what paragraph a summary is.', metric: 'paragraph_number' },
  passage_retrieval_zh: {
    measures: 'Of what Chinese paragraph a summary is.',
    metric: 'paragraph_number_zh',
  },
  lcc: { measures: 'The next line of a file of code.', metric: 'code_similarity' },
  'repobench-p': { measures: 'The next line of code in a repository.', metric: 'code_similarity' },
};

/** A task of LongBench (arXiv:2308.14508) from its data, prepared or original. */
export function longBench(request: TaskRequest): Task {
  const { subset = '' } = request;
  const base = subset.replace(/_e$/, '');
  const own = about[base];
  if (own === undefined) throw new SparseTuneError('ERR_TASK', `There is no longbench/${subset}.`);
  return dataTask({
    benchmark: 'longbench',
    subset,
    version: 1,
    request,
    about: own,
    sets: dataSets.longbench,
    wanted: { names: [subset] },
    truncate: 'head',
    toPrompts: (row) => [withFacts(row, base)],
    scores: unscored.includes(base) ? {} : publishedScores('longbench', subset),
  });
}

function withFacts(row: Row, subset: string): DataPrompt {
  const prompt = isPrepared(row) ? preparedPrompt(row) : originalPrompt(subset, row);
  const classes = row.optionalTexts('all_classes');
  const words = row.optionalCount('length');
  return { ...prompt, facts: { ...(classes && { classes }), ...(words && { words }) } };
}
