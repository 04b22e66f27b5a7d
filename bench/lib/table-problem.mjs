// A search problem whose evaluations are looked up in a table of real attention.
import { parseObjective } from '../../build/ts/ts/search/objective.js';
import { compareEvaluations } from '../../build/ts/ts/search/trial.js';
import { correlation, expectedLowest, ranks } from './statistics.mjs';

const objective = parseObjective('kl s.t. density<=0.1');
/** `tune` validates as many candidates of a study. */
const nCandidates = 5;

/**
 * The problem of a table: the search sees the means over the first questions of each rung, and is judged by those over
 * the questions of validation.
 */
export function tableProblem(table) {
  const evaluation = (params, column) => objective.evaluate(table.at(params, column));
  const truth = (params) => {
    const { value, violation } = evaluation(params, 'validation');
    return violation === 0 ? value : undefined;
  };
  const truths = table.cells.map((cell) => truth(cell) ?? Number.POSITIVE_INFINITY);
  const nReference = Math.min(50, Math.floor(table.cells.length / 8));
  return {
    name: table.name,
    space: table.space,
    objective,
    rungs: table.rungs,
    nCandidates,
    truth,
    measure: table.at,
    nReference,
    best: Math.min(...truths),
    reference: expectedLowest(truths, nReference),
    size: table.cells.length,
    nHolding: truths.filter(Number.isFinite).length,
  };
}

/** The candidates of a search that measures every cell in full: what noise of the search questions alone costs. */
export function exhaustiveCandidates(table) {
  const column = table.rungs.at(-1);
  const evaluated = table.cells.map((cell) => [cell, objective.evaluate(table.at(cell, column))]);
  return evaluated
    .sort(([, a], [, b]) => compareEvaluations(a, b))
    .slice(0, nCandidates)
    .map(([cell]) => cell);
}

/**
 * How alike two rungs order cells (Spearman), as the objective ranks them: those that hold the constraint by KL, then
 * the others by how much they break it.
 *
 * @param columns - two rungs, or a rung and `validation`
 * @returns for all cells, for those that hold the constraint in the second column, and for the best fifth there: their
 *   number and the correlation
 */
export function rankCorrelations(table, [first, second]) {
  const rows = table.cells
    .map((cell) => ({
      first: objective.evaluate(table.at(cell, first)),
      second: objective.evaluate(table.at(cell, second)),
    }))
    .sort((a, b) => compareEvaluations(a.second, b.second));
  const of = (some) => ({
    cells: some.length,
    correlation: correlation(
      ranks(
        some.map((row) => row.first),
        compareEvaluations,
      ),
      ranks(
        some.map((row) => row.second),
        compareEvaluations,
      ),
    ),
  });
  return {
    all: of(rows),
    holding: of(rows.filter((row) => row.second.violation === 0)),
    bestFifth: of(rows.slice(0, Math.ceil(rows.length / 5))),
  };
}

/** Where a rung places the cell that is best on validation, from 1. */
export function placeOfBest(table, rung) {
  const evaluate = (column) =>
    table.cells.map((cell) => objective.evaluate(table.at(cell, column)));
  const onValidation = evaluate('validation');
  const best = onValidation.indexOf(onValidation.toSorted(compareEvaluations)[0]);
  return ranks(evaluate(rung), compareEvaluations)[best];
}
