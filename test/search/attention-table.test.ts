import test from 'ava';
import { getPreset } from '../../ts/maskers/presets.js';
import { SearchSpace, type SpaceSchema } from '../../ts/space/search-space.js';
import { benchLibrary } from '../helpers/bench-library.js';

const { readTables, gridSpace, cellParams } = await benchLibrary('attention-table');
const { attentionGrids } = await benchLibrary('attention-grids');
const { tableProblem, rankCorrelations } = await benchLibrary('table-problem');
const { playStudy } = await benchLibrary('play-study');
const { mean } = await benchLibrary('statistics');

const tables = readTables();
const seeds = Array.from({ length: 10 }, (_, seed) => seed);

test('there are tables', (t) => {
  t.true(tables.length > 0);
});

for (const table of tables) {
  const { name, preset, levels, columns, rows, cells, rungs } = table;

  test(`${name}: every cell of the grid has a row of plausible metrics`, (t) => {
    const space = SearchSpace.parse(table.space);
    t.is(space.size, rows.length);
    t.is(new Set(cells.map((cell) => space.key(cell))).size, rows.length);
    for (const row of rows) t.is(row.length, columns.length);
    for (const cell of cells) {
      for (const column of [...rungs, 'validation' as const]) {
        const { kl = -1, density = -1, readFraction = -1 } = table.at(cell, column);
        t.true(kl >= 0 && kl < 20 && density > 0 && density <= 1 && readFraction > 0);
      }
    }
  });

  test(`${name}: the grid is the documented one and lies in the preset's own space`, (t) => {
    const whole = getPreset(preset).space;
    t.deepEqual(levels, attentionGrids[preset]);
    t.deepEqual(table.space, gridSpace(levels, whole));
    const properties = whole['properties'] as Readonly<Record<string, SpaceSchema>>;
    const own = Object.keys(levels).map((parameter) => [parameter, properties[parameter]]);
    const space = SearchSpace.parse({ type: 'object', properties: Object.fromEntries(own) });
    for (const cell of cells) t.notThrows(() => space.check(cellParams(table, cell)));
  });

  test(`${name}: few questions rank the cells nearly as all do`, (t) => {
    const [low, middle, top] = rungs;
    const ofHolding = (columns: readonly (number | 'validation' | undefined)[]) =>
      rankCorrelations(table, columns).holding.correlation;
    t.true(ofHolding([low, top]) > 0.8);
    t.true(ofHolding([middle, top]) > 0.8);
    t.true(ofHolding([top, 'validation']) > 0.8);
  });

  test(`${name}: a search of 27 trials beats random full evaluations at equal cost`, async (t) => {
    const problem = tableProblem(table);
    const full = problem.rungs.at(-1) ?? 0;
    const tuned: number[] = [];
    const random: number[] = [];
    for (const seed of seeds) {
      const limits = { trials: 27 };
      const { regret, spent } = await playStudy(problem, {
        sampler: 'TPE',
        isFull: false,
        seed,
        limits,
      });
      const budget = { questions: Math.ceil(spent / full) * full };
      const rival = { sampler: 'random', isFull: true, seed, limits: { budget } } as const;
      tuned.push(regret);
      random.push((await playStudy(problem, rival)).regret);
    }
    t.true(mean(tuned) < 0.7 * mean(random), `${mean(tuned)} against ${mean(random)}`);
  });
}
