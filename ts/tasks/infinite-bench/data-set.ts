import { dataSets } from '../data/data-sets.js';
import { dataTask } from '../data/data-task.js';
import { type DataPrompt, isPrepared, preparedPrompt } from '../data/prompt.js';
import type { Row } from '../data/row.js';
import { publishedScores } from '../published-scores.js';
import type { Task, TaskAbout, TaskRequest } from '../task.js';
import { quotePattern } from '../text-pattern.js';
import { goldValues, originalPrompt } from './original-prompts.js';
import { settled } from './settled.js';

export { infiniteBenchDataSubsets } from './original-prompts.js';

const about: Readonly<Record<string, TaskAbout>> = {
  passkey: { measures: 'Five digits in filler of 128k tokens.', metric: 'first_integer' },
  number_string: { measures: 'Ten digits with repeats in filler.', metric: 'first_integer' },
  kv_retrieval: { measures: 'The value of one UUID in a JSON object.', metric: 'word_match' },
  longbook_sum_eng: { measures: 'A summary of a novel.', metric: 'rouge_l_f' },
  longbook_choice_eng: { measures: 'Multiple choice about a novel.', metric: 'choice_a_to_d' },
  longbook_qa_eng: { measures: 'A question about a novel.', metric: 'token_f1' },
  longbook_qa_chn: { measures: 'A question about a Chinese novel.', metric: 'character_f1' },
  longdialogue_qa_eng: { measures: 'Whose name is masked in a script.', metric: 'name_match' },
  math_find: { measures: 'The largest, smallest ... number of a list.', metric: 'math_find' },
  math_calc: { measures: 'The running values of a long sum.', metric: 'math_calc' },
  code_run: { measures: 'What a call among many functions returns.', metric: 'code_run' },
  code_debug: { measures: 'Which function of a code base crashes.', metric: 'code_debug' },
};

/**
 * A task of InfiniteBench (arXiv:2402.13718) from its data, prepared or original. Where a text is cut, both its ends are
 * kept, as the benchmark does it.
 */
export function infiniteBenchData(request: TaskRequest): Task {
  const { subset = '' } = request;
  const isSettled = settled[subset];
  return dataTask({
    benchmark: 'infinite_bench',
    subset,
    version: 1,
    request,
    about: about[subset] ?? { measures: '', metric: '' },
    sets: dataSets.infinite_bench,
    wanted: { names: [subset] },
    truncate: 'middle',
    toPrompts: (row) => [isPrepared(row) ? prepared(subset, row) : originalPrompt(subset, row)],
    scores: {
      ...publishedScores('infinite_bench', subset),
      ...(isSettled && { isSettled }),
    },
  });
}

/** Of `code_debug` the prepared data keep the letter alone; the name of the function stands among the options. */
function prepared(subset: string, row: Row): DataPrompt {
  const prompt = preparedPrompt(row);
  const [answer = ''] = prompt.references;
  if (subset === 'code_debug' && prompt.references.length === 1) {
    const name = new RegExp(`^${quotePattern(answer)}\\. (.+)$`, 'm').exec(prompt.question)?.[1];
    return name === undefined ? prompt : { ...prompt, references: [name, answer] };
  }
  return subset === 'math_calc'
    ? { ...prompt, gold: `[${prompt.references.slice(0, goldValues).join(', ')}` }
    : prompt;
}
