import { SparseTuneError } from '../../errors.js';
import { resolveHome } from '../../home.js';
import type { DataOptions } from '../data/data-files.js';
import type { GrowingContext } from '../fit-length.js';
import { type Draw, generatedTask, type Place, questionId } from '../generated-task.js';
import { distinctPlaces } from '../haystack.js';
import { stringMatchPart } from '../metrics/string-match.js';
import { publishedScores } from '../published-scores.js';
import { Rng } from '../rng.js';
import type { PromptStyle, Split, Task } from '../task.js';
import { findQaFiles, type QaPlaces, type QaSubset, qaSources, readQaSet } from './qa-data.js';
import type { QaQuestion, QaSet } from './qa-set.js';

export interface RulerQaOptions {
  readonly length: number;
  readonly seed: number;
  readonly promptStyle: PromptStyle;
  readonly measures: string;
  /** Of each split, where the file holds enough questions. */
  readonly contexts: Readonly<Record<Split, number>>;
  /** Folder of the user's `--data`. */
  readonly data: string | undefined;
  /** Where data sets are downloaded to. Default: see resolveHome. */
  readonly home: string | undefined;
}

/** Least documents; RULER's HotpotQA has ten of its own. */
const smallest = 3;
/** Who gets the next question: each split has its own, and a small file gives something to each. */
const dealing: readonly Split[] = ['search', 'validation', 'test', 'validation', 'test'];

/** Questions on documents of SQuAD v2 (qa_1) or HotpotQA (qa_2) among as many others as fit. */
export function rulerQa(subset: QaSubset, options: RulerQaOptions): Task {
  const { seed } = options;
  const name = `ruler/${subset}`;
  const { file, dataset } = qaSources[subset];
  const source = new QaSource(subset, options);
  return generatedTask({
    name,
    version: 1,
    ...options,
    get parameters() {
      return { data: source.origin };
    },
    about: {
      measures: options.measures,
      metric: 'string_match_part: 1 where the answer holds any of the accepted ones',
      contexts: options.contexts,
      questionsPerContext: 1,
      madeFrom: `${dataset} (${file})`,
    },
    async prepare(signal, onProgress) {
      await source.questions({ signal, onProgress });
    },
    async draw(draw) {
      const set = await source.questions();
      const question = dealt(set.questions, { name, seed, place: draw.place });
      return question && drawQa(set, question, draw);
    },
    ...publishedScores('ruler', subset),
    isSettled: (prediction, { references }) => stringMatchPart(prediction, references) === 1,
  });
}

/** The questions of a data set, found and read once, when they are first needed. */
class QaSource {
  readonly #subset: QaSubset;
  readonly #places: QaPlaces;
  #set: Promise<QaSet> | undefined;
  /** What names the content of the files, or the official one as long as they are not found. */
  origin: string;

  constructor(subset: QaSubset, { data, home }: RulerQaOptions) {
    this.#subset = subset;
    this.#places = { data, home: resolveHome(home) };
    this.origin = qaSources[subset].file;
  }

  questions(options: DataOptions = {}): Promise<QaSet> {
    this.#set ??= this.#read(options).catch((error: unknown) => {
      this.#set = undefined; // the next call tries again
      throw error;
    });
    return this.#set;
  }

  async #read(options: DataOptions): Promise<QaSet> {
    const { paths, origin } = await findQaFiles(this.#subset, this.#places, options);
    this.origin = origin;
    return readQaSet(this.#subset, paths);
  }
}

/** The question of a place, or undefined where the file holds no more. */
function dealt(
  questions: readonly QaQuestion[],
  { name, seed, place }: { name: string; seed: number; place: Place },
): QaQuestion | undefined {
  if (questions.length < dealing.length) {
    throw new SparseTuneError(
      'ERR_DATA',
      `The file of ${name} has ${questions.length} questions with answers, and ${dealing.length} are needed.`,
    );
  }
  const own = new Rng(name, 'questions', seed)
    .shuffle(questions)
    .filter((_, i) => dealing[i % dealing.length] === place.split);
  return own[place.index];
}

function drawQa(
  set: QaSet,
  asked: QaQuestion,
  { rng, place, stream, spread }: Draw,
): GrowingContext {
  const [first, ...others] = asked.own;
  const own = new Set(asked.own);
  const near = rng.shuffle(asked.near).filter((index) => !own.has(index));
  const known = new Set([...own, ...near]);
  const far = rng.shuffle(set.documents.map((_, i) => i)).filter((index) => !known.has(index));
  const distractors = [...near, ...far];
  const places = first === undefined ? [] : [spread('depth'), ...others.map(() => rng.float())];
  return {
    smallest: Math.min(Math.max(smallest, own.size), set.documents.length),
    largest: set.documents.length,
    at(count) {
      const hay = stream(`order of ${count}`).shuffle(distractors.slice(0, count - own.size));
      const at = distinctPlaces(places, count);
      const indices = [...hay];
      const order = [...asked.own.entries()].sort(([a], [b]) => (at[a] ?? 0) - (at[b] ?? 0));
      for (const [i, document] of order) indices.splice(at[i] as number, 0, document);
      const depth = own.size === 1 ? { depth: (at[0] as number) / count } : {};
      return {
        id: place.id,
        text: contextText(indices.map((index) => set.documents[index] as string)),
        questions: [{ id: questionId(place), ...questionText(asked), maxNewTokens: 32, ...depth }],
      };
    },
  };
}

const instruction =
  'Answer the question from the documents, in as few words as possible. Give the answer alone.';

function contextText(documents: readonly string[]): string {
  const numbered = documents.map((text, i) => `Document ${i + 1}:\n${text}`).join('\n\n');
  return `${instruction}\n\n${numbered}\n\n${instruction}\n\n`;
}

function questionText({ question, answers }: QaQuestion) {
  return {
    question: `Question: ${question}\n`,
    answerPrefix: 'Answer:',
    gold: ` ${answers[0]}`,
    references: answers,
  };
}
