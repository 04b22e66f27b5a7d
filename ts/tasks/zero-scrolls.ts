import { SparseTuneError } from '../errors.js';
import { dataSets } from './data/data-sets.js';
import { dataTask } from './data/data-task.js';
import type { DataPrompt } from './data/prompt.js';
import type { Row } from './data/row.js';
import { publishedScale } from './published-scores.js';
import type { Task, TaskRequest } from './task.js';

/** Tokens of an answer, where the row does not say. */
const answerTokens: Readonly<Record<string, number>> = {
  gov_report: 1024,
  summ_screen_fd: 512,
  qmsum: 512,
  squality: 512,
  qasper: 128,
  narrative_qa: 64,
  quality: 10,
  musique: 32,
  space_digest: 36,
  book_sum_sort: 256,
};

export const zeroScrollsSubsets: readonly string[] = Object.keys(answerTokens);

const about: Readonly<Record<string, string>> = {
  gov_report: 'A summary of a report.',
  summ_screen_fd: 'A summary of an episode of a series.',
  qmsum: 'A request about a meeting.',
  squality: 'A question about a story, answered at length.',
  qasper: 'A question about a paper.',
  narrative_qa: 'A question about a story or script.',
  quality: 'Multiple choice about a story.',
  musique: 'A question that needs several passages.',
  space_digest: 'The share of reviews that are positive.',
  book_sum_sort: 'The order of chapter summaries.',
};

/**
 * A task of ZeroSCROLLS (arXiv:2305.14196) from its data, prepared or original. Its answers are not public: sparse
 * attention is compared with dense alone, and there is no score.
 */
export function zeroScrolls(request: TaskRequest): Task {
  const { subset = '' } = request;
  const measures = about[subset];
  if (measures === undefined)
    throw new SparseTuneError('ERR_TASK', `There is no zero_scrolls/${subset}.`);
  return dataTask({
    benchmark: 'zero_scrolls',
    subset,
    version: 1,
    request,
    about: { measures, metric: 'none: the answers are not public' },
    sets: dataSets.zero_scrolls,
    wanted: { names: [subset] },
    truncate: 'head',
    toPrompts: (row) => [row.has('context') ? prepared(row, subset) : original(row, subset)],
    scores: publishedScale('zero_scrolls', subset),
  });
}

function prepared(row: Row, subset: string): DataPrompt {
  return {
    context: row.text('context'),
    question: row.text('question'),
    answerPrefix: row.optionalText('answer_prefix') ?? '',
    references: [],
    maxNewTokens: row.optionalCount('max_new_tokens') ?? answerTokens[subset] ?? 128,
  };
}

/** The original gives the whole prompt, and where document and query end in it. */
function original(row: Row, subset: string): DataPrompt {
  const input = row.text('input');
  const [documentEnd, queryEnd] = [row.count('document_end_index'), row.count('query_end_index')];
  return {
    context: input.slice(0, documentEnd),
    question: input.slice(documentEnd, queryEnd),
    answerPrefix: input.slice(queryEnd).trim(),
    references: [],
    maxNewTokens: answerTokens[subset] ?? 128,
  };
}
