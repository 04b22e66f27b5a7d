import type { DownloadProgress } from '../hub/download.js';
import type { AnswerFacts } from './metrics/metric.js';
import type { Truncate } from './truncate.js';

/** What a task may ask of the model it makes prompts for. */
export interface TaskTools {
  /** Token ids of `text`, without any begin-of-text token. */
  tokenize(text: string): Int32Array;
  detokenize(tokens: Int32Array): string;
  /** The model's own chat template (Jinja), or undefined where it has none. */
  readonly chatTemplate: string | undefined;
}

/** One question over a context, with what a right answer is. */
export interface TaskQuestion {
  /** Unique in its split, stable over runs. */
  readonly id: string;
  /** Text that follows the context. */
  readonly question: string;
  /** Start of the answer, given to the model; ends without a trailing blank. */
  readonly answerPrefix: string;
  /**
   * The continuation that teacher forcing runs over, at most its first 64 tokens; starts with its own blank. Left out:
   * what the model itself answers with dense attention.
   */
  readonly gold?: string | undefined;
  /** What its answers are compared with; none where that is unknown, and then they have no score. */
  readonly references: readonly string[];
  /** Name of its metric, where the questions of a task have different ones. */
  readonly metric?: string | undefined;
  /** What the metric reads beside the references. */
  readonly facts?: AnswerFacts | undefined;
  /** Limit of a generated answer, in tokens. */
  readonly maxNewTokens: number;
  /** Where the needle lies, 0 (start) to 1 (end), where that has a meaning. */
  readonly depth?: number;
}

/** A long text that is prefilled once, and the questions asked over it. */
export interface TaskContext {
  readonly id: string;
  readonly text: string;
  readonly questions: readonly TaskQuestion[];
  /** Cuts the text so that the context with its longest question and answer has at most `length` tokens. */
  readonly cut?: { readonly length: number; readonly truncate: Truncate } | undefined;
}

/**
 * `search` is what a study may see, `validation` what its best are judged on, `test` what nothing was chosen on: the
 * prompts of a benchmark run. The three share nothing.
 */
export type Split = 'search' | 'validation' | 'test';

export const splits: readonly Split[] = ['search', 'validation', 'test'];

/** What a user is told of a task before it runs. */
export interface TaskAbout {
  /** What it measures, in a sentence or two. */
  readonly measures: string;
  /** How one answer is scored. */
  readonly metric: string;
  /** Contexts of each split, where that is known beforehand. */
  readonly contexts?: Readonly<Record<Split, number>>;
  readonly questionsPerContext?: number;
  /** The text or the file that its contexts are made from. */
  readonly madeFrom?: string;
}

/** One answer to a question of a task. */
export interface TaskAnswer {
  readonly question: TaskQuestion;
  readonly prediction: string;
}

/** How a prompt is laid out: by the model's chat template, by plain concatenation, or by the template if there is one. */
export type PromptStyle = 'auto' | 'chat' | 'plain';

/** A benchmark at given parameters. Deterministic: the same id gives the same prompts. */
export interface Task {
  /** `<benchmark>[/<subset>][@L]`, e.g. `niah_mq8@512`. */
  readonly id: string;
  /** What `--task` has to say for this task where that is not its id: the whole path of a file. */
  readonly source?: string;
  /** Raised when the prompts or the metric of this id change. */
  readonly version: number;
  /**
   * All parameters, defaults filled in; part of a winner's key. `data` names the content of files that prompts are made
   * of.
   */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly promptStyle: PromptStyle;
  readonly about?: TaskAbout;
  /**
   * Finds what the prompts are made from, before anything else is spent on the task; `parameters` are final after it.
   *
   * @param onProgress - told of a download
   * @throws {SparseTuneError} `ERR_TASK`, `ERR_DATA` where that is missing, with the cure
   */
  prepare?(signal?: AbortSignal, onProgress?: (progress: DownloadProgress) => void): Promise<void>;
  /** The contexts of a split; a task that tokenises long texts gives the event loop its turns meanwhile. */
  contexts(
    split: Split,
    tools: TaskTools,
  ): Promise<readonly TaskContext[]> | readonly TaskContext[];
  /**
   * The task's own metric of one generated answer, 0 to 1, higher is better. Not asked about a question without
   * references.
   */
  score(prediction: string, question: TaskQuestion): number;
  /** True where no continuation of `prediction` can change its score; generation then stops. */
  isSettled?(prediction: string, question: TaskQuestion): boolean;
  /**
   * All metrics that the benchmark itself publishes, over a set of answers, on its own scale and with its own
   * rounding; null where there is nothing to measure.
   */
  upstreamScale?(answers: readonly TaskAnswer[]): Readonly<Record<string, number | null>>;
}

/** What a task id and the user's options say. */
export interface TaskRequest extends TaskOptions {
  /** After the slash of `<benchmark>/<subset>@L`. */
  readonly subset?: string | undefined;
  /** After the at sign. */
  readonly length?: number | undefined;
}

/** What a user may say about where prompts come from and how they are laid out. */
export interface TaskOptions {
  /** Default: the task's own. */
  readonly promptStyle?: PromptStyle | undefined;
  /** Text file that the essay haystacks of ruler are cut from. */
  readonly haystack?: string | undefined;
  /** Folder with the data set's own files, in place of a download. */
  readonly data?: string | undefined;
  /** What of a text that is longer than `@L` is kept. Default: the task's own. */
  readonly truncate?: Truncate | undefined;
  /** Where data sets are downloaded to. Default: see resolveHome. */
  readonly home?: string | undefined;
}
