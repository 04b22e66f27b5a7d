import { SparseTuneError } from '../../errors.js';
import type { GrowingContext } from '../fit-length.js';
import { type Draw, generatedTask } from '../generated-task.js';
import { stringMatchAll } from '../metrics/string-match.js';
import { publishedScores } from '../published-scores.js';
import type { Task, TaskRequest } from '../task.js';
import { drawCwe } from './cwe.js';
import { type Essay, findEssay } from './essay.js';
import { drawFwe } from './fwe.js';
import { drawNiah, type NiahShape, niahShapes } from './niah.js';
import { rulerQa } from './qa.js';
import { drawVt } from './vt.js';

/** RULER's shortest length. */
const defaultLength = 4096;
const seed = 42;

/** One question a context, as RULER asks; enough for a CPU. */
export const rulerContexts = { search: 8, validation: 16, test: 16 } as const;

const measures = {
  niah_single_1: 'One number hidden in repeated filler.',
  niah_single_2: 'One number hidden in prose.',
  niah_single_3: 'One UUID hidden in prose.',
  niah_multikey_1: 'One of four numbers hidden in prose, by its key.',
  niah_multikey_2: 'One number among needles of the same kind, by its key.',
  niah_multikey_3: 'One UUID among needles of the same kind, by its UUID.',
  niah_multivalue: 'All four numbers of one key, hidden in prose.',
  niah_multiquery: 'The numbers of four keys at once, hidden in prose.',
  vt: 'The five variables that a chain of assignments, hidden in filler, gives one value.',
  cwe: 'The ten words of a long list that occur more often than the others.',
  fwe: 'The three most frequent of many made-up words.',
  qa_1: 'A question on one of many paragraphs of Wikipedia (SQuAD v2).',
  qa_2: 'A question that needs two of many paragraphs of Wikipedia (HotpotQA).',
} as const;

export type RulerSubset = keyof typeof measures;

/** The 13 tasks of RULER in their order. */
export const rulerSubsets = Object.keys(measures) as readonly RulerSubset[];

/** Names for some of them together. */
export const rulerGroups: Readonly<Record<string, readonly RulerSubset[]>> = {
  niah: rulerSubsets.filter((name) => name.startsWith('niah_')),
  generated: rulerSubsets.filter((name) => !name.startsWith('qa_')),
};

/**
 * A task of RULER (arXiv:2404.06654) with texts of our own, at any length.
 *
 * @throws {TypeError} `ERR_ARGUMENT` naming `haystack` where that file cannot be read
 */
export function ruler(request: TaskRequest): Task {
  const subset = request.subset as RulerSubset;
  const { length = defaultLength, promptStyle = 'auto' } = request;
  if (subset === 'qa_1' || subset === 'qa_2')
    return rulerQa(subset, {
      length,
      seed,
      promptStyle,
      measures: measures[subset],
      contexts: rulerContexts,
      data: request.data,
      home: request.home,
    });
  const { draw, parameters, madeFrom } = maker(subset, length, request.haystack);
  return generatedTask({
    name: `ruler/${subset}`,
    version: 1,
    length,
    seed,
    promptStyle,
    parameters,
    about: {
      measures: measures[subset],
      metric: 'string_match_all: the share of right words that the answer holds',
      contexts: rulerContexts,
      questionsPerContext: 1,
      ...(madeFrom !== undefined && { madeFrom }),
    },
    draw,
    ...publishedScores('ruler', subset),
    // What is found once stays found; a longer answer can only find more.
    isSettled: (prediction, { references }) => stringMatchAll(prediction, references) === 1,
  });
}

interface Maker {
  readonly draw: (draw: Draw) => GrowingContext;
  readonly parameters: Task['parameters'];
  readonly madeFrom?: string;
}

function maker(subset: RulerSubset, length: number, haystack: string | undefined): Maker {
  if (subset === 'vt') return { draw: drawVt, parameters: { haystack: 'noise' } };
  if (subset === 'cwe') return { draw: (draw) => drawCwe(draw, length), parameters: {} };
  if (subset === 'fwe') return { draw: (draw) => drawFwe(draw, length), parameters: {} };
  if (!(subset in niahShapes))
    throw new SparseTuneError('ERR_TASK', `ruler has no subset "${subset}".`);
  const shape: NiahShape = niahShapes[subset as keyof typeof niahShapes];
  const essay: Essay | undefined = shape.haystack === 'essay' ? findEssay(haystack) : undefined;
  return {
    draw: (draw) => drawNiah(shape, draw, essay),
    parameters: {
      haystack: shape.haystack,
      ...(essay && { haystackSha256: essay.sha256 }),
    },
    ...(essay && { madeFrom: essay.source }),
  };
}
