import type { Row } from '../data/row.js';

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

/** A question of SQuAD v2; without answers it is one that its paragraph does not answer. */
interface SquadQuestion {
  readonly title: string;
  readonly context: string;
  readonly question: string;
  readonly answers: readonly string[];
}

/** A question of HotpotQA with its documents. */
interface HotpotQuestion {
  readonly question: string;
  readonly answer: string;
  readonly documents: readonly { readonly title: string; readonly sentences: readonly string[] }[];
}

/** Of the official file. @throws {TypeError} naming what is missing */
export function readSquadFile(file: unknown): QaSet {
  const asked = list(field(file, 'data'), 'data').flatMap((article, i) =>
    list(field(article, 'paragraphs'), 'paragraphs').flatMap((paragraph) =>
      list(field(paragraph, 'qas'), 'qas').map((qa) => ({
        title: String(i), // titles may be equal, articles are not
        context: text(field(paragraph, 'context'), 'context'),
        question: text(field(qa, 'question'), 'question'),
        answers: list(field(qa, 'answers'), 'answers').map((answer) =>
          text(field(answer, 'text'), 'text'),
        ),
      })),
    ),
  );
  return squad(asked);
}

/** Of the hub's rows. @throws {SparseTuneError} `ERR_DATA` naming row and column */
export function readSquadRows(rows: readonly Row[]): QaSet {
  return squad(
    rows.map((row) => ({
      title: row.text('title'),
      context: row.text('context'),
      question: row.text('question'),
      answers: row.part('answers').texts('text'),
    })),
  );
}

/** Of the official file. @throws {TypeError} naming what is missing */
export function readHotpotFile(file: unknown): QaSet {
  const asked = list(file, 'the file').map((entry) => ({
    question: text(field(entry, 'question'), 'question'),
    answer: text(field(entry, 'answer'), 'answer'),
    documents: list(field(entry, 'context'), 'context').map((document) => {
      const [title, sentences] = list(document, 'context');
      return {
        title: text(title, 'context'),
        sentences: list(sentences, 'context').map((sentence) => text(sentence, 'context')),
      };
    }),
  }));
  return hotpot(asked);
}

/** Of the hub's rows. @throws {SparseTuneError} `ERR_DATA` naming row and column */
export function readHotpotRows(rows: readonly Row[]): QaSet {
  const asked = rows.map((row) => {
    const context = row.part('context');
    const titles = context.texts('title');
    const sentences = context.list('sentences').map((some) => {
      if (Array.isArray(some) && some.every((one) => typeof one === 'string')) return some;
      return context.fail('the column "sentences" has no list of texts for each title');
    });
    if (sentences.length !== titles.length)
      context.fail(`${titles.length} titles have ${sentences.length} lists of sentences`);
    return {
      question: row.text('question'),
      answer: row.text('answer'),
      documents: titles.map((title, i) => ({ title, sentences: sentences[i] as string[] })),
    };
  });
  return hotpot(asked);
}

/** Documents by their text, each once. */
class Documents {
  readonly #indices = new Map<string, number>();

  get texts(): string[] {
    return [...this.#indices.keys()];
  }

  indexOf(document: string): number {
    const index = this.#indices.get(document) ?? this.#indices.size;
    this.#indices.set(document, index);
    return index;
  }
}

/** The first answerable question of every paragraph, so that no two share theirs; near are those of its article. */
function squad(asked: readonly SquadQuestion[]): QaSet {
  const documents = new Documents();
  const articles = new Map<string, Set<number>>();
  const first = new Map<number, SquadQuestion>();
  for (const one of asked) {
    const index = documents.indexOf(one.context);
    const article = articles.get(one.title) ?? new Set();
    articles.set(one.title, article.add(index));
    if (one.answers.length > 0 && !first.has(index)) first.set(index, one);
  }
  const questions = [...first].map(([index, { question, answers, title }]) => ({
    question,
    answers: [...new Set(answers)],
    own: [index],
    near: [...(articles.get(title) ?? [])].filter((other) => other !== index),
  }));
  return { documents: documents.texts, questions };
}

/** Every question with its ten documents. */
function hotpot(asked: readonly HotpotQuestion[]): QaSet {
  const documents = new Documents();
  const questions = asked.map(({ question, answer, documents: own }) => ({
    question,
    answers: [answer],
    own: [
      ...new Set(
        own.map(({ title, sentences }) => documents.indexOf(`${title}\n${sentences.join('')}`)),
      ),
    ],
    near: [],
  }));
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
