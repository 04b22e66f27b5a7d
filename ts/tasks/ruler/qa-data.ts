import { readFile } from 'node:fs/promises';
import { SparseTuneError } from '../../errors.js';
import type { DataFile } from '../data-file.js';

export type QaSubset = 'qa_1' | 'qa_2';

const otherwise = 'ruler/generated is all of RULER that needs no data.';

/** The files that RULER makes its questions from. */
export const qaFiles: Readonly<Record<QaSubset, DataFile>> = {
  qa_1: {
    dataset: 'SQuAD v2.0',
    name: 'dev-v2.0.json',
    from: 'https://rajpurkar.github.io/SQuAD-explorer',
    otherwise,
  },
  qa_2: {
    dataset: 'HotpotQA',
    name: 'hotpot_dev_distractor_v1.json',
    from: 'https://hotpotqa.github.io',
    otherwise,
  },
};

/** A question that some documents answer. */
export interface QaQuestion {
  readonly question: string;
  /** Accepted answers, each once. */
  readonly answers: readonly string[];
  /** Indices of the documents that belong to it. */
  readonly own: readonly number[];
  /** Indices of documents on the same subject. */
  readonly near: readonly number[];
}

export interface QaSet {
  /** Each once. */
  readonly documents: readonly string[];
  readonly questions: readonly QaQuestion[];
}

/**
 * Reads a data set's own file.
 *
 * @throws {SparseTuneError} `ERR_DATA` where it is not JSON of the data set's form
 */
export async function readQaSet(subset: QaSubset, path: string): Promise<QaSet> {
  const text = await readFile(path, 'utf8');
  try {
    return (subset === 'qa_1' ? squad : hotpot)(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw new SparseTuneError(
      'ERR_DATA',
      `${path} is not the file of ${qaFiles[subset].dataset}: ${cause.message}.`,
      { cause },
    );
  }
}

/** Documents by their text, each once. */
class Documents {
  readonly #indices = new Map<string, number>();

  get texts(): string[] {
    return [...this.#indices.keys()];
  }

  indexOf(text: string): number {
    const index = this.#indices.get(text) ?? this.#indices.size;
    this.#indices.set(text, index);
    return index;
  }
}

/** SQuAD v2: the first answerable question of every paragraph, so that no two share theirs. */
function squad(file: unknown): QaSet {
  const documents = new Documents();
  const questions: QaQuestion[] = [];
  for (const article of list(field(file, 'data'), 'data')) {
    const paragraphs = list(field(article, 'paragraphs'), 'paragraphs').map((paragraph) => ({
      index: documents.indexOf(text(field(paragraph, 'context'), 'context')),
      asked: firstAnswerable(list(field(paragraph, 'qas'), 'qas')),
    }));
    for (const { index, asked } of paragraphs) {
      const near = paragraphs.map((other) => other.index).filter((other) => other !== index);
      if (asked !== undefined) questions.push({ ...asked, own: [index], near: [...new Set(near)] });
    }
  }
  return { documents: documents.texts, questions };
}

function firstAnswerable(qas: readonly unknown[]) {
  for (const qa of qas) {
    const answers = list(field(qa, 'answers'), 'answers').map((answer) =>
      text(field(answer, 'text'), 'text'),
    );
    if (field(qa, 'is_impossible') !== true && answers.length > 0)
      return { question: text(field(qa, 'question'), 'question'), answers: [...new Set(answers)] };
  }
  return undefined;
}

/** HotpotQA: every question with its ten documents. */
function hotpot(file: unknown): QaSet {
  const documents = new Documents();
  const questions = list(file, 'the file').map((entry) => {
    const own = list(field(entry, 'context'), 'context').map((document) => {
      const [title, sentences] = list(document, 'context');
      const body = list(sentences, 'context').map((sentence) => text(sentence, 'context'));
      return documents.indexOf(`${text(title, 'context')}\n${body.join('')}`);
    });
    return {
      question: text(field(entry, 'question'), 'question'),
      answers: [text(field(entry, 'answer'), 'answer')],
      own: [...new Set(own)],
      near: [],
    };
  });
  return { documents: documents.texts, questions };
}

function field(value: unknown, name: string): unknown {
  if (typeof value === 'object' && value !== null) return (value as Record<string, unknown>)[name];
  throw new TypeError(`an object with ${name} is missing`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${name} is not a list`);
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${name} is not a text`);
}
