import type {
  DecodeOutput,
  NativeCapture,
  NativeChain,
  NativeSnapshot,
  NativeStream,
} from '../native/llama-addon.js';
import { type DecodeSpeed, measureDecodeSpeed } from './decode-speed.js';
import { keptTokens, mean } from './divergence.js';
import type { EvaluationStore } from './evaluation-store.js';
import { answerGreedily } from './greedy.js';
import type { Model, RunOptions } from './model.js';
import type { EngineQuestion, Grader, QuestionResult } from './question.js';
import type { ReferenceSet } from './reference-store.js';
import { accuracyOf, forcedTokens, passMetrics, teacherForcedItem } from './teacher-forcing.js';
import { cutIntoWaves } from './waves.js';

/** Part of an evaluation: a config on the questions [from, to) of the fixed order. */
export interface EvaluationJob {
  readonly chain: NativeChain;
  readonly from: number;
  readonly to: number;
}

export interface EvaluationOptions extends RunOptions {
  /** Also generate an answer to each question that is graded, and grade it; with `all` to the others too. */
  readonly generate?: boolean | 'all';
  /** Also compute `outputError` on the questions that are sampled for it. */
  readonly outputError?: boolean;
  /**
   * Take what was measured before of the same chain on the same question, by whatever study, and keep what is measured
   * now. Times are then those of the first measurement. Default false.
   */
  readonly reuse?: boolean;
}

/** A config on one question: a stream while it runs. */
interface Entry {
  readonly chain: NativeChain;
  readonly index: number;
}

const dense: NativeChain = { maskers: [] };
/** `outputError` looks at the first questions and a few layers: it ranks configs no better with more. */
const capturedQuestions = 8;
const capturedLayers = 6;
/** Questions on which the noise of dense against dense is measured. */
const noiseQuestions = 8;

/** Questions over prefilled contexts with their dense references: what configs are evaluated on. */
export class PreparedQuestions {
  readonly questions: readonly EngineQuestion[];
  readonly reference: ReferenceSet;
  readonly #model: Model;
  readonly #snapshots: readonly NativeSnapshot[];
  readonly #grade: Grader;
  readonly #evaluations: EvaluationStore | undefined;
  #captures: Promise<NativeCapture[]> | undefined;

  constructor(parts: {
    model: Model;
    snapshots: readonly NativeSnapshot[];
    questions: readonly EngineQuestion[];
    reference: ReferenceSet;
    grade: Grader;
    evaluations?: EvaluationStore;
  }) {
    this.#model = parts.model;
    this.#snapshots = parts.snapshots;
    this.#grade = parts.grade;
    this.#evaluations = parts.evaluations;
    this.questions = parts.questions;
    this.reference = parts.reference;
  }

  /** Share of questions whose gold answer is dense's own greedy start; see accuracyOf. */
  get denseAccuracy(): number {
    return mean(
      this.reference.references.map(({ argmax }, i) => accuracyOf(argmax, this.#question(i))),
    );
  }

  /** Of the first `n` questions, how many have an `outputError`. */
  static sampledForOutputError(n: number): number {
    return Math.min(n, capturedQuestions);
  }

  /**
   * Runs configs on their questions: teacher-forced passes of many streams in each batch.
   *
   * @returns for each job the results of its questions, in order
   * @throws the signal's reason where it is aborted, {EngineError} where a config cannot run
   */
  async evaluate(
    jobs: readonly EvaluationJob[],
    options: EvaluationOptions = {},
  ): Promise<QuestionResult[][]> {
    const entries = jobs.flatMap(({ chain, from, to }) =>
      Array.from({ length: to - from }, (_, i) => ({ chain, index: from + i })),
    );
    const results = await this.#recallOrRun(entries, options);
    let next = 0;
    return jobs.map(({ from, to }) => {
      next += to - from;
      return results.slice(next - (to - from), next);
    });
  }

  /**
   * Times a config against dense attention: one stream each over the same question, decoded step by step in turn.
   *
   * @param steps - tokens that are timed; at least 1
   * @throws as evaluate
   */
  decodeSpeed(
    index: number,
    chain: NativeChain,
    options: RunOptions & { readonly steps: number },
  ): Promise<DecodeSpeed> {
    const question = this.#question(index);
    return measureDecodeSpeed(
      this.#model,
      { snapshot: this.#snapshot(question), promptTokens: question.promptTokens, chain },
      options,
    );
  }

  /**
   * Measures the dense reference of questions.
   *
   * @param onProgress - told the share done, 0 to 1
   */
  static async measureReference(
    model: Model,
    snapshots: readonly NativeSnapshot[],
    questions: readonly EngineQuestion[],
    grade: Grader,
    options: { signal?: AbortSignal | undefined; onProgress?: (share: number) => void } = {},
  ): Promise<ReferenceSet> {
    const start = performance.now();
    options.onProgress?.(0);
    const empty = { references: [], answers: [], scores: [], noiseFloorKl: 0, elapsedMs: 0 };
    const first = new PreparedQuestions({ model, snapshots, questions, reference: empty, grade });
    const entries = questions.map((_, index) => ({ chain: dense, index }));
    const { outputs, answers } = await first.#denseRun(entries, options.signal);
    options.onProgress?.(0.6);
    const references = outputs.map(({ ids, logProbs, targetLogProbs, argmax }) => {
      return { ids, logProbs, goldLogProbs: targetLogProbs, argmax };
    });
    const reference = {
      ...empty,
      references,
      answers: answers.map((answer, i) => answer ?? goldText(model, questions[i])),
      scores: answers.map((answer, i) =>
        answer === undefined ? null : (grade(i, answer).score ?? null),
      ),
    };
    const again = new PreparedQuestions({ model, snapshots, questions, reference, grade });
    const noiseFloorKl = await again.#noiseFloor(options.signal);
    options.onProgress?.(1);
    return { ...reference, noiseFloorKl, elapsedMs: performance.now() - start };
  }

  async #recallOrRun(
    entries: readonly Entry[],
    options: EvaluationOptions,
  ): Promise<readonly QuestionResult[]> {
    const store = options.reuse === true ? this.#evaluations : undefined;
    await store?.load();
    const results = entries.map(({ chain, index }) => {
      const known = store?.get(chain, index);
      return known === undefined ? undefined : this.#asAsked(known, index, options);
    });
    const missing = entries.filter((_, i) => results[i] === undefined);
    const measured: QuestionResult[] = [];
    for (const wave of this.#waves(missing, options.generate)) {
      const outcome = await this.#runWave(wave, options);
      measured.push(...outcome);
      await store?.add(
        wave.map((entry, i) => ({ ...entry, result: outcome[i] as QuestionResult })),
      );
    }
    let next = 0;
    return results.map((result) => result ?? (measured[next++] as QuestionResult));
  }

  /** A known result with what was asked for and no more, or undefined where it lacks something. */
  #asAsked(
    { metrics: { outputError, score, ...metrics }, answer }: QuestionResult,
    index: number,
    options: EvaluationOptions,
  ): QuestionResult | undefined {
    const question = this.#question(index);
    const wantsError = options.outputError === true && index < capturedQuestions;
    const wantsAnswer = isAnswered(question, options.generate);
    if (wantsError && outputError === undefined) return undefined;
    if (wantsAnswer && answer === undefined) return undefined;
    if (wantsAnswer && question.isGraded !== false && score === undefined) return undefined;
    return {
      metrics: {
        ...metrics,
        ...(wantsError && outputError !== undefined && { outputError }),
        ...(wantsAnswer && score !== undefined && { score }),
      },
      ...(wantsAnswer && answer !== undefined && { answer }),
    };
  }

  async #denseRun(
    entries: readonly Entry[],
    signal: AbortSignal | undefined,
  ): Promise<{ outputs: DecodeOutput[]; answers: (string | undefined)[] }> {
    const outputs: DecodeOutput[] = [];
    const answers: (string | undefined)[] = [];
    for (const wave of this.#waves(entries, true)) {
      const streams = wave.map((entry) => this.#stream(entry, true));
      const run = await this.#model.decode(
        wave.map(({ index }, i) =>
          teacherForcedItem(streams[i] as NativeStream, this.#question(index), {
            nIds: keptTokens,
          }),
        ),
        { signal },
      );
      outputs.push(...run);
      answers.push(...(await this.#generate(wave, streams, run, { signal, generate: true })));
    }
    return { outputs, answers };
  }

  /** Dense against itself in batches of another composition: the first questions, each in a batch of its own. */
  async #noiseFloor(signal: AbortSignal | undefined): Promise<number> {
    const values: number[] = [];
    for (let index = 0; index < Math.min(noiseQuestions, this.questions.length); index++) {
      const job = { chain: dense, from: index, to: index + 1 };
      const [[result] = []] = await this.evaluate([job], { signal });
      if (result !== undefined) values.push(result.metrics.kl);
    }
    return mean(values);
  }

  async #runWave(wave: readonly Entry[], options: EvaluationOptions): Promise<QuestionResult[]> {
    const streams = wave.map((entry) => this.#stream(entry, options.generate));
    const items = wave.map(({ index }, i) => {
      const { ids } = this.#reference(index);
      return teacherForcedItem(streams[i] as NativeStream, this.#question(index), {
        ids,
        nIds: ids.length / this.#question(index).goldTokens.length,
      });
    });
    const outputs = await this.#model.decode(items, options);
    const answers = await this.#generate(wave, streams, outputs, options);
    const errors = options.outputError === true ? await this.#outputErrors(wave) : undefined;
    return wave.map(({ index }, i) => {
      const metrics = passMetrics(
        outputs[i] as DecodeOutput,
        this.#reference(index),
        this.#question(index),
      );
      const outputError = errors?.[i];
      const answer = answers[i];
      const score = answer === undefined ? undefined : this.#grade(index, answer).score;
      return {
        metrics: {
          ...metrics,
          ...(outputError === undefined ? {} : { outputError }),
          ...(score === undefined ? {} : { score }),
        },
        ...(answer === undefined ? {} : { answer }),
      };
    });
  }

  /** Answers to the entries that are to be answered. */
  async #generate(
    wave: readonly Entry[],
    streams: readonly NativeStream[],
    outputs: readonly DecodeOutput[],
    { generate, signal }: EvaluationOptions,
  ): Promise<(string | undefined)[]> {
    const places = [...wave.keys()].filter((i) =>
      isAnswered(this.#question((wave[i] as Entry).index), generate),
    );
    const runs = places.map((i) => {
      const { index } = wave[i] as Entry;
      return {
        stream: streams[i] as NativeStream,
        question: this.#question(index),
        argmax: (outputs[i] as DecodeOutput).argmax,
        grade: (answer: string) => this.#grade(index, answer),
      };
    });
    const answers = await answerGreedily(this.#model, runs, { signal });
    return wave.map((_, i) => answers[places.indexOf(i)]?.text);
  }

  /** Mean over the captured layers, for the entries whose question is captured. */
  async #outputErrors(wave: readonly Entry[]): Promise<(number | undefined)[]> {
    this.#captures ??= this.#capture();
    const captures = await this.#captures.catch((error: unknown) => {
      this.#captures = undefined; // the next call tries again
      throw error;
    });
    const errors: (number | undefined)[] = [];
    for (const { chain, index } of wave) {
      const capture = captures[index];
      const layers = capture && (await this.#model.outputErrors(capture, chain));
      errors.push(layers && mean([...layers]));
    }
    return errors;
  }

  /** A dense pass over the sampled questions that keeps their queries. */
  async #capture(): Promise<NativeCapture[]> {
    const layers = sampleLayers(this.#model);
    const indices = this.questions.slice(0, capturedQuestions).map((_, index) => index);
    const captures = indices.map((index) => {
      const question = this.#question(index);
      return this.#model.capture(this.#snapshot(question), layers, forcedTokens(question).length);
    });
    const items = indices.map((index) =>
      teacherForcedItem(this.#stream({ chain: dense, index }, false), this.#question(index), {
        nIds: 0,
        capture: captures[index] as NativeCapture,
      }),
    );
    await this.#model.decode(items);
    return captures;
  }

  #stream({ chain, index }: Entry, generate: EvaluationOptions['generate']): NativeStream {
    const question = this.#question(index);
    const tail = tailTokens(question, isAnswered(question, generate));
    return this.#model.stream(this.#snapshot(question), chain, tail);
  }

  #waves(entries: readonly Entry[], generate: EvaluationOptions['generate']): Entry[][] {
    return cutIntoWaves(entries, ({ index }) => {
      const question = this.#question(index);
      return tailTokens(question, isAnswered(question, generate)) * this.#model.kvBytesPerToken;
    });
  }

  #question(index: number): EngineQuestion {
    return this.questions[index] as EngineQuestion;
  }

  #snapshot(question: EngineQuestion): NativeSnapshot {
    return this.#snapshots[question.context] as NativeSnapshot;
  }

  #reference(index: number) {
    return this.reference.references[index] as ReferenceSet['references'][number];
  }
}

/** Whether an answer to a question is generated. */
function isAnswered(
  { isGraded = true }: EngineQuestion,
  generate: EvaluationOptions['generate'],
): boolean {
  return generate === 'all' || (generate === true && isGraded);
}

/** Dense's own answer to a question without gold. */
function goldText(model: Model, question: EngineQuestion | undefined): string {
  return model.detokenize(question?.goldTokens ?? new Int32Array());
}

function tailTokens(question: EngineQuestion, generate: boolean): number {
  return forcedTokens(question).length + (generate ? question.maxNewTokens : 0);
}

/** Layers with full attention, evenly spread over the depth. */
function sampleLayers(model: Model): number[] {
  const full = model.info.layers.flatMap(({ window }, layer) => (window === 0 ? [layer] : []));
  const n = Math.min(full.length, capturedLayers);
  return Array.from(
    { length: n },
    (_, i) => full[Math.floor(((i + 0.5) * full.length) / n)] as number,
  );
}
