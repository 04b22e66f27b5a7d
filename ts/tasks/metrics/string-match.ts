import { strip } from './python-text.js';

/** Drops control characters and outer blanks, as RULER's scorers do before they compare. */
export function cleanPrediction(prediction: string): string {
  const printable = [...strip(prediction)].filter((character) => character > '\u001f');
  return strip(printable.join(''));
}

/** RULER's `string_match_all`: the share of references that occur in the prediction, case ignored; 0 without references. */
export function stringMatchAll(prediction: string, references: readonly string[]): number {
  if (references.length === 0) return 0;
  return matches(prediction, references).length / references.length;
}

/** RULER's `string_match_part`, for its `qa` tasks: 1 where any reference occurs in the prediction, case ignored. */
export function stringMatchPart(prediction: string, references: readonly string[]): number {
  return matches(prediction, references).length > 0 ? 1 : 0;
}

/** The metric of a RULER task, by its name: `qa_1` and `qa_2` need one of the references, all others all. */
export function rulerMetric(task: string): typeof stringMatchAll {
  return task.split('_')[0] === 'qa' ? stringMatchPart : stringMatchAll;
}

function matches(prediction: string, references: readonly string[]): readonly string[] {
  const text = cleanPrediction(prediction).toLowerCase();
  return references.filter((reference) => text.includes(reference.toLowerCase()));
}
