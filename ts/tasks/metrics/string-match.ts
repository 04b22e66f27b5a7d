/** Drops control characters and outer blanks, as RULER's scorers do before they compare. */
export function cleanPrediction(prediction: string): string {
  return [...prediction.trim()]
    .filter((character) => character > '\u001f')
    .join('')
    .trim();
}

/** RULER's `string_match_all`: the share of references that occur in the prediction, case ignored; 0 without references. */
export function stringMatchAll(prediction: string, references: readonly string[]): number {
  if (references.length === 0) return 0;
  const text = cleanPrediction(prediction).toLowerCase();
  return (
    references.filter((reference) => text.includes(reference.toLowerCase())).length /
    references.length
  );
}
