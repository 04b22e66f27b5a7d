import type { PreparedQuestions } from '../engine/prepared-questions.js';

/** The questions of one task in a study. A study of several tasks takes a question of each in turn. */
export interface StudyPart {
  /** Task id. */
  readonly task: string;
  readonly questions: PreparedQuestions;
}

/** Questions of all parts together: the resource of a full evaluation. */
export function countQuestions(parts: readonly StudyPart[]): number {
  return parts.reduce((sum, { questions }) => sum + questions.questions.length, 0);
}

/** How many of each part's questions are among the first `n` of the study. */
export function takeInTurn(parts: readonly StudyPart[], n: number): readonly number[] {
  const sizes = parts.map(({ questions }) => questions.questions.length);
  const taken = sizes.map(() => 0);
  for (let left = n, round = 1; left > 0 && round <= Math.max(...sizes); round++) {
    for (let part = 0; part < sizes.length && left > 0; part++) {
      if ((sizes[part] ?? 0) < round) continue;
      taken[part] = round;
      left -= 1;
    }
  }
  return taken;
}

/** Name of a part's metric among those of a trial, e.g. `kl(niah_mq8@512)`; a study of one task names none. */
export function partMetric(parts: readonly StudyPart[], { task }: StudyPart, name: string): string {
  return parts.length === 1 ? name : `${name}(${task})`;
}

/** The metrics of one part among those of a trial, by their plain names. */
export function metricsOfPart(
  parts: readonly StudyPart[],
  part: StudyPart,
  metrics: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const suffix = partMetric(parts, part, '');
  const own = Object.entries(metrics).filter(([name]) => name.endsWith(suffix));
  return Object.fromEntries(
    own.map(([name, value]) => [name.slice(0, name.length - suffix.length), value]),
  );
}
