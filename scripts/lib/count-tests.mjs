// Reads the numbers out of what ava's default reporter printed.
import { stripVTControlCharacters } from 'node:util';

/**
 * @param {string} printed - all of ava's output
 * @param {boolean} isSuccess - whether ava exited with 0
 * @returns {{ passed: number, failed: number }} failed is at least 1 where ava did not succeed, whatever the reason
 */
export function countTests(printed, isSuccess) {
  const lines = stripVTControlCharacters(printed)
    .split('\n')
    .map((line) => line.trim());
  // ava prints the number of passed tests only where none failed; each one has a line of its own, though.
  const passed =
    closing(lines, /^(\d+) tests? passed$/) ?? lines.filter((line) => line.startsWith('✔ ')).length;
  const kinds = [
    /^(\d+) tests? failed$/,
    /^(\d+) hooks? failed$/,
    /^(\d+) uncaught exceptions?$/,
    /^(\d+) unhandled rejections?$/,
  ];
  const failed = kinds.reduce((sum, kind) => sum + (closing(lines, kind) ?? 0), 0);
  return { passed, failed: isSuccess ? failed : Math.max(1, failed) };
}

/** The number in the last line that has this form. */
function closing(lines, form) {
  const line = lines.findLast((text) => form.test(text));
  return line === undefined ? undefined : Number(form.exec(line)[1]);
}
