import { dataSets } from '../data/data-sets.js';
import { dataTask } from '../data/data-task.js';
import { isPrepared, preparedPrompt } from '../data/prompt.js';
import { publishedScores } from '../published-scores.js';
import type { Task, TaskAbout, TaskRequest } from '../task.js';
import { type LoogleTask, loogleTasks, originalPrompts } from './original-prompts.js';

const recall = 'rouge_l_recall';

const about: Readonly<Record<LoogleTask, TaskAbout>> = {
  shortdep_qa: { measures: 'A question that one place of a document answers.', metric: recall },
  longdep_qa: { measures: 'A question whose evidence is spread over a document.', metric: recall },
  shortdep_cloze: { measures: 'Names that are masked in a text.', metric: 'cloze_exact' },
  longdep_summarization: { measures: 'A summary of a paper.', metric: recall },
};

export const loogleSubsets: readonly string[] = loogleTasks;

/** A task of LooGLE (arXiv:2311.04939) from its data, prepared or original. */
export function loogle(request: TaskRequest): Task {
  const subset = request.subset as LoogleTask;
  // The hub's newer rows of the original have another name for the last.
  const names = [subset, ...(subset === 'longdep_summarization' ? ['summarization'] : [])];
  return dataTask({
    benchmark: 'loogle',
    subset,
    version: 1,
    request,
    about: about[subset],
    sets: dataSets.loogle,
    wanted: { names },
    truncate: 'head',
    toPrompts: (row) => (isPrepared(row) ? [preparedPrompt(row)] : originalPrompts(subset, row)),
    scores: publishedScores('loogle', subset),
  });
}
