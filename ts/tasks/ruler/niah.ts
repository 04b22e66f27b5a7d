import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import { distinctPlaces, type Needle, noise, weave } from '../haystack.js';
import { sentenceList } from '../lists.js';
import type { Rng } from '../rng.js';
import type { TaskContext } from '../task.js';
import { drawDistinct, drawKey, drawUuid } from '../words.js';
import type { Essay } from './essay.js';

/** What a task of RULER's needle family hides where, and what it asks. */
export interface NiahShape {
  /** Repeated filler, running prose, or other needles. */
  readonly haystack: 'noise' | 'essay' | 'needles';
  readonly key: 'words' | 'uuids';
  readonly value: 'numbers' | 'uuids';
  /** Keys that are hidden besides a haystack of needles. */
  readonly keys: number;
  readonly valuesPerKey: number;
  /** Keys asked for. */
  readonly queried: number;
}

const plain = { haystack: 'essay', key: 'words', value: 'numbers' } as const;

export const niahShapes = {
  niah_single_1: { ...plain, haystack: 'noise', keys: 1, valuesPerKey: 1, queried: 1 },
  niah_single_2: { ...plain, keys: 1, valuesPerKey: 1, queried: 1 },
  niah_single_3: { ...plain, value: 'uuids', keys: 1, valuesPerKey: 1, queried: 1 },
  niah_multikey_1: { ...plain, keys: 4, valuesPerKey: 1, queried: 1 },
  niah_multikey_2: { ...plain, haystack: 'needles', keys: 1, valuesPerKey: 1, queried: 1 },
  niah_multikey_3: {
    haystack: 'needles',
    key: 'uuids',
    value: 'uuids',
    keys: 1,
    valuesPerKey: 1,
    queried: 1,
  },
  niah_multivalue: { ...plain, keys: 1, valuesPerKey: 4, queried: 1 },
  niah_multiquery: { ...plain, keys: 4, valuesPerKey: 1, queried: 4 },
} as const satisfies Record<string, NiahShape>;

/** Least lines of noise or needles, and least words of an essay: the steps in which RULER grows short contexts. */
const smallest = { noise: 5, needles: 5, essay: 20 } as const;

/** Depths that essay needles can have, in per cent: RULER's forty. */
const essayDepths = Array.from({ length: 40 }, (_, i) => Math.round((i * 100) / 39));

/** A needle with its place in [0, 1), in the order of the places. */
interface HiddenValue {
  readonly key: string;
  readonly value: string;
  readonly place: number;
}

/** A context of the needle family; `essay` is needed for the shapes whose haystack it is. */
export function drawNiah(shape: NiahShape, draw: Draw, essay: Essay | undefined): GrowingContext {
  const { rng, place } = draw;
  const keys = drawDistinct(shape.keys, () => drawText(rng, shape.key));
  const values = drawDistinct(keys.length * shape.valuesPerKey, () => drawText(rng, shape.value));
  const places = drawPlaces(shape, draw, values.length);
  const hidden = values
    .map((value, i) => ({
      key: keys[Math.floor(i / shape.valuesPerKey)] as string,
      value,
      place: places[i] as number,
    }))
    .sort((a, b) => a.place - b.place);
  const hayOf = haystackOf(shape, { draw, keys, values, essay });
  return {
    smallest: smallest[shape.haystack],
    at: (size) =>
      makeContext(shape, {
        id: place.id,
        hay: hayOf(size),
        hidden,
        asked: keys.slice(0, shape.queried),
      }),
  };
}

function drawText(rng: Rng, kind: NiahShape['key'] | NiahShape['value']): string {
  if (kind === 'words') return drawKey(rng);
  return kind === 'uuids' ? drawUuid(rng) : String(rng.integer(1_000_000, 9_999_999));
}

/** A place for each needle; that of the only one asked for is spread over the contexts of the split. */
function drawPlaces(shape: NiahShape, { rng, spread }: Draw, count: number): number[] {
  const isOneAsked = shape.queried * shape.valuesPerKey === 1;
  const first = isOneAsked ? spread('depth') : rng.float();
  if (shape.haystack !== 'essay')
    return [first, ...Array.from({ length: count - 1 }, () => rng.float())];
  const n = essayDepths.length;
  const firstDepth = Math.floor(first * n);
  const others = rng
    .shuffle(Array.from({ length: n }, (_, i) => i))
    .filter((i) => i !== firstDepth);
  return [firstDepth, ...others.slice(0, count - 1)].map((i) => i / n);
}

interface HayOptions {
  readonly draw: Draw;
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly essay: Essay | undefined;
}

/** The hay of a size: lines, or the sentences of so many words. */
function haystackOf(
  shape: NiahShape,
  { draw, keys, values, essay }: HayOptions,
): (size: number) => string[] {
  if (shape.haystack === 'noise') return noise;
  if (shape.haystack === 'essay') return (words) => essay?.sentences(words) ?? [];
  const rng = draw.stream('distractors');
  const used = new Set([...keys, ...values]);
  const lines: string[] = [];
  const fresh = (kind: NiahShape['key'] | NiahShape['value']) => {
    let text = drawText(rng, kind);
    while (used.has(text)) text = drawText(rng, kind);
    used.add(text);
    return text;
  };
  return (size) => {
    while (lines.length < size) lines.push(sentence(shape, fresh(shape.key), fresh(shape.value)));
    return lines.slice(0, size);
  };
}

function sentence({ value }: NiahShape, key: string, text: string): string {
  return `A secret ${nouns[value]} for ${key} is: ${text}.`;
}

const nouns = { numbers: 'number', uuids: 'code' } as const;

interface ContextParts {
  readonly id: string;
  readonly hay: readonly string[];
  readonly hidden: readonly HiddenValue[];
  readonly asked: readonly string[];
}

function makeContext(shape: NiahShape, { id, hay, hidden, asked }: ContextParts): TaskContext {
  const { units, depths } = weave(hay, placeNeedles(shape, hidden, hay.length));
  const text = units.join(shape.haystack === 'essay' ? ' ' : '\n');
  const noun = nouns[shape.value];
  const answers = asked.flatMap((key) => hidden.filter((needle) => needle.key === key));
  const isOne = answers.length === 1;
  const [things, are, them] = isOne
    ? [`A secret ${noun}`, 'is', 'it']
    : [`Some secret ${noun}s`, 'are', 'them'];
  const wanted = `${isOne ? noun : `${noun}s`} for ${sentenceList(asked)}`;
  const [only] = answers;
  return {
    id,
    text: `${things} ${are} mentioned in the text below. Read it and remember ${them}; a question follows.\n${text}\n`,
    questions: [
      {
        id: questionId({ id }),
        question: isOne
          ? `What is the secret ${wanted} in the text?`
          : `What are all the secret ${wanted} in the text?`,
        answerPrefix: ` The secret ${wanted} ${are}:`,
        gold: ` ${sentenceList(answers.map(({ value }) => value))}`,
        references: answers.map(({ value }) => value),
        maxNewTokens: 128,
        ...(isOne && only && { depth: depths[hidden.indexOf(only)] as number }),
      },
    ],
  };
}

/** Lines get a needle each at most; between sentences, as in RULER, the forty depths decide. */
function placeNeedles(
  shape: NiahShape,
  hidden: readonly HiddenValue[],
  hayLength: number,
): Needle[] {
  const draws = hidden.map(({ place }) => place);
  const places =
    shape.haystack === 'essay'
      ? draws.map((place) => {
          const depth = essayDepths[Math.round(place * essayDepths.length)] as number;
          return Math.floor((hayLength * depth) / 100);
        })
      : distinctPlaces(draws, hayLength);
  return hidden.map(({ key, value }, i) => ({
    text: sentence(shape, key, value),
    before: places[i] as number,
  }));
}
