import type { DecodeSpeed } from '../engine/decode-speed.js';
import type { PreparedQuestions } from '../engine/prepared-questions.js';
import type { QuestionResult } from '../engine/question.js';
import type { NativeChain } from '../native/llama-addon.js';
import type { RenderedSplit } from '../tune/prepare-split.js';
import type { AnswerRow } from './cell-folder.js';

/** Questions of one group that are answered together, by their places in it. */
export interface AnswerBatch {
  readonly places: readonly number[];
  /** Those of them on which decoding steps are timed. */
  readonly timed: readonly number[];
  /** Whether dense attention runs before the config or after it: in turn from batch to batch. */
  readonly denseFirst: boolean;
}

/** What is measured on what. */
export interface AnswerSource {
  readonly rendered: RenderedSplit;
  readonly questions: PreparedQuestions;
  /** Without maskers it is dense attention, whose answers the reference has already. */
  readonly chain: NativeChain;
}

const dense: NativeChain = { maskers: [] };
/** Tokens whose time is taken on each timed question. */
const timedSteps = 16;

/**
 * Answers questions with a config by greedy generation, measures it teacher-forced against dense attention, and runs
 * dense attention on the same questions in a batch of the same composition for the times alone.
 *
 * @returns one row a question
 */
export async function measureAnswers(
  source: AnswerSource,
  { places, timed, denseFirst }: AnswerBatch,
): Promise<AnswerRow[]> {
  const { questions, chain } = source;
  const isDense = chain.maskers.length === 0;
  const start = performance.now();
  const run = async (own: NativeChain, generate: false | 'all') =>
    (await questions.evaluate(jobs(own, places), { generate })).flat();
  const before = !isDense && denseFirst ? await run(dense, false) : undefined;
  const results = await run(chain, isDense ? false : 'all');
  const others = isDense ? results : (before ?? (await run(dense, false)));
  const speeds = new Map<number, DecodeSpeed>();
  for (const place of timed)
    speeds.set(place, await questions.decodeSpeed(place, chain, { steps: timedSteps }));
  const elapsedMs = (performance.now() - start) / places.length;
  return places.map((place, i) => {
    const answer = toRow(source, place, results[i] as QuestionResult);
    const timings = {
      attentionMs: results[i]?.metrics.attentionMs ?? Number.NaN,
      denseAttentionMs: others[i]?.metrics.attentionMs ?? Number.NaN,
      elapsedMs,
      ...(speeds.has(place) && { step: speeds.get(place) as DecodeSpeed }),
    };
    return { ...answer, timings };
  });
}

function jobs(chain: NativeChain, places: readonly number[]) {
  return places.map((place) => ({ chain, from: place, to: place + 1 }));
}

function toRow(
  { rendered, questions: { reference }, chain }: AnswerSource,
  place: number,
  { metrics: { attentionMs: _ms, score: own, ...metrics }, answer }: QuestionResult,
): Omit<AnswerRow, 'timings'> {
  const { id, references } = rendered.asked[place] ?? { id: '', references: [] };
  const { id: context = '' } = rendered.contexts[rendered.questions[place]?.context ?? -1] ?? {};
  const isScored = references.length > 0;
  const densePrediction = reference.answers[place] ?? '';
  const denseScore = isScored ? (reference.scores[place] ?? 0) : null;
  const isDense = chain.maskers.length === 0;
  const prediction = isDense ? densePrediction : (answer ?? '');
  return {
    id,
    context,
    prediction,
    references,
    score: isDense || !isScored ? denseScore : (own ?? 0),
    denseScore,
    ...(prediction !== densePrediction && { densePrediction }),
    metrics,
  };
}
