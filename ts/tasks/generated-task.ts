import { rejectRange, SparseTuneError } from '../errors.js';
import { type Fit, type GrowingContext, longestContext, smallestTokens } from './fit-length.js';
import { Rng } from './rng.js';
import type {
  PromptStyle,
  Split,
  Task,
  TaskAbout,
  TaskContext,
  TaskQuestion,
  TaskTools,
} from './task.js';
import { splits } from './task.js';

/** Which context of a split is to be drawn. */
export interface Place {
  readonly split: Split;
  /** From 0. */
  readonly index: number;
  /** Contexts of the split. */
  readonly count: number;
  /** `<split>/<index>`. */
  readonly id: string;
}

/** What is drawn for a context. */
export interface Draw {
  readonly place: Place;
  /** Of this context alone. */
  readonly rng: Rng;
  /** Of this context alone and for one purpose: does not depend on what else was drawn. */
  stream(purpose: string | number): Rng;
  /**
   * A draw of [0, 1) for what shall be spread over the contexts of a split: each of as many equal parts holds one
   * context's.
   */
  spread(purpose: string): number;
  readonly tools: TaskTools;
}

/** A task whose prompts are made, not read: any length, the same draw at every length. */
export interface GeneratedTaskOptions extends Pick<Task, 'score' | 'isSettled' | 'upstreamScale'> {
  /** The id before its at sign; names the stream of random numbers too. */
  readonly name: string;
  readonly version: number;
  readonly length: number;
  readonly seed: number;
  readonly promptStyle: PromptStyle;
  /** Beside length, seed and prompt style. */
  readonly parameters: Task['parameters'];
  readonly about: TaskAbout & { readonly contexts: Readonly<Record<Split, number>> };
  /** See Task.prepare. */
  readonly prepare?: Task['prepare'];
  /** Undefined where there is no such context, as a data set ends. */
  draw(draw: Draw): GrowingContext | Promise<GrowingContext | undefined>;
}

/**
 * A task of contexts that are drawn from a seed and made as long as they may be. Every context has a random stream of
 * its own, so the splits share no draw.
 *
 * @throws {RangeError} `ERR_ARGUMENT` for a length that is no positive integer
 */
export function generatedTask(options: GeneratedTaskOptions): Task {
  const { name, version, length, seed, promptStyle, about } = options;
  if (!Number.isSafeInteger(length) || length < 1)
    rejectRange('length', 'a positive integer', length);
  const { score, isSettled, upstreamScale, prepare } = options;
  return {
    id: `${name}@${length}`,
    version,
    get parameters() {
      return { length, seed, ...options.parameters, promptStyle };
    },
    promptStyle,
    about,
    ...(prepare && { prepare }),
    score,
    ...(isSettled && { isSettled }),
    ...(upstreamScale && { upstreamScale }),
    async contexts(split, tools) {
      const fit = { length, promptStyle, tools };
      const contexts: TaskContext[] = [];
      for (const draw of draws(options, split, tools)) {
        const growing = await options.draw(draw);
        if (growing === undefined) continue;
        const context = await longestContext(growing, fit);
        if (context === undefined) throw await tooShort(options, fit);
        contexts.push(context);
      }
      return contexts;
    },
  };
}

function draws(
  { name, seed, about }: GeneratedTaskOptions,
  split: Split,
  tools: TaskTools,
): Draw[] {
  const count = about.contexts[split];
  return Array.from({ length: count }, (_, index) => {
    const stream = (purpose: string | number) => new Rng(name, purpose, split, index, seed);
    return {
      place: { split, index, count, id: `${split}/${index}` },
      rng: new Rng(name, split, index, seed),
      stream,
      spread(purpose) {
        const order = new Rng(name, purpose, split, seed).shuffle(
          Array.from({ length: count }, (_, i) => i),
        );
        return ((order[index] as number) + stream(purpose).float()) / count;
      },
      tools,
    };
  });
}

/** Names the length that every context of every split fits. */
async function tooShort(options: GeneratedTaskOptions, fit: Fit): Promise<SparseTuneError> {
  const { name, length } = options;
  let smallest = 0;
  for (const draw of splits.flatMap((split) => draws(options, split, fit.tools))) {
    const growing = await options.draw(draw);
    if (growing !== undefined) smallest = Math.max(smallest, await smallestTokens(growing, fit));
  }
  return new SparseTuneError(
    'ERR_TASK',
    `${name}@${length} is too short: with this model's tokenizer its prompts need ${smallest} tokens. Use ${name}@${roundUp(smallest)} or more.`,
  );
}

function roundUp(tokens: number): number {
  return Math.ceil(tokens / 64) * 64;
}

/** Ids of a context's questions. */
export function questionId(place: Pick<Place, 'id'>, question = 0): TaskQuestion['id'] {
  return `${place.id}/${question}`;
}
