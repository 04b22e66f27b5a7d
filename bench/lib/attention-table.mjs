// Tables of real attention: what every cell of a grid of configs measures at each number of questions.
import { readdirSync, readFileSync } from 'node:fs';
import { SearchSpace } from '../../build/ts/ts/space/search-space.js';

export const tableFolder = new URL('../../test/golden/attention-tables/', import.meta.url);
/** What is kept of each cell, as means over the first questions of each rung and over all of validation. */
export const tableMetrics = ['kl', 'density', 'readFraction'];

/**
 * The search space of a grid: each parameter by the place of its level, an integer from 0, so that its order is kept and
 * the levels lie as far apart as on the parameter's own scale. Parameters without order stay an enum of their levels.
 *
 * @param levels - the values of each parameter by name
 * @param presetSpace - the space of the preset, in which every level must lie
 */
export function gridSpace(levels, presetSpace) {
  const properties = Object.entries(levels).map(([name, values]) => [
    name,
    isOrdered(presetSpace, name)
      ? { type: 'integer', minimum: 0, maximum: values.length - 1 }
      : { enum: values },
  ]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

/** The parameters of the preset that a cell stands for. */
export function cellParams({ levels, space }, cell) {
  const values = Object.entries(cell).map(([name, value]) => [
    name,
    space.properties[name].enum === undefined ? levels[name][value] : value,
  ]);
  return Object.fromEntries(values);
}

/** The cells of a grid, in the order of a table's rows. */
export function gridCells(space) {
  return [...SearchSpace.parse(space).enumerate()];
}

/** The tables in the repository, by name. */
export function readTables() {
  const names = readdirSync(tableFolder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => readTable(new URL(name, tableFolder)));
}

/**
 * A table with its cells: `at(params, column)` has the metrics of a cell at a rung or at `validation`.
 *
 * @throws {Error} where cells and rows do not match
 */
export function readTable(path) {
  const table = JSON.parse(readFileSync(path, 'utf8'));
  const space = SearchSpace.parse(table.space);
  const cells = gridCells(table.space);
  if (cells.length !== table.rows.length || cells.length !== space.size)
    throw new Error(
      `${table.preset} ${table.task}: ${table.rows.length} rows, ${cells.length} cells`,
    );
  const rowOf = new Map(cells.map((cell, i) => [space.key(cell), table.rows[i]]));
  const at = (params, column) => {
    const row = rowOf.get(space.key(params));
    const value = (metric) => row[table.columns.indexOf(`${metric}@${column}`)];
    return Object.fromEntries(tableMetrics.map((metric) => [metric, value(metric)]));
  };
  return { ...table, name: `${table.preset} ${table.task}`, cells, at };
}

function isOrdered(presetSpace, name) {
  const range = presetSpace.properties[name];
  if (range === undefined) throw new Error(`${name} is no parameter of the preset's space`);
  return range.enum === undefined;
}
