import type { Params } from '../../ts/space/distribution.js';
import type { SpaceSchema } from '../../ts/space/search-space.js';

/** A table of real attention; see bench/lib/attention-table.mjs. */
export interface AttentionTable {
  readonly name: string;
  readonly preset: string;
  readonly task: string;
  readonly levels: Readonly<Record<string, readonly (number | string)[]>>;
  readonly space: SpaceSchema;
  readonly rungs: readonly number[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly number[])[];
  readonly cells: readonly Params[];
  at(params: Params, column: number | 'validation'): Readonly<Record<string, number>>;
}

/** A problem whose truth is known; see bench/lib/table-problem.mjs. */
export interface KnownProblem {
  readonly rungs: readonly number[];
  readonly best: number;
  readonly reference: number;
  truth(params: Params): number | undefined;
}

export interface PlayOptions {
  readonly sampler: 'TPE' | 'random';
  readonly isFull: boolean;
  readonly seed: number;
  readonly limits: { readonly trials?: number; readonly budget?: { readonly questions: number } };
}

/** What the benchmarks of bench/ share and the tests use too. */
export interface BenchLibrary {
  readonly 'attention-grids': {
    readonly attentionGrids: Readonly<Record<string, AttentionTable['levels']>>;
  };
  readonly 'attention-table': {
    readTables(): readonly AttentionTable[];
    gridSpace(levels: AttentionTable['levels'], presetSpace: SpaceSchema): SpaceSchema;
    cellParams(table: Pick<AttentionTable, 'levels' | 'space'>, cell: Params): Params;
  };
  readonly 'analytic-problems': {
    analyticProblems(): readonly (KnownProblem & { name: string; space: SpaceSchema })[];
  };
  readonly 'table-problem': {
    tableProblem(table: AttentionTable): KnownProblem;
    rankCorrelations(
      table: AttentionTable,
      columns: readonly (number | 'validation' | undefined)[],
    ): Readonly<Record<'all' | 'holding' | 'bestFifth', { cells: number; correlation: number }>>;
  };
  readonly 'play-study': {
    playStudy(
      problem: KnownProblem,
      options: PlayOptions,
    ): Promise<{ readonly regret: number; readonly spent: number }>;
    regretOf(
      problem: Pick<KnownProblem, 'truth' | 'best' | 'reference'>,
      candidates: readonly Params[],
    ): number;
  };
  readonly statistics: {
    mean(values: readonly number[]): number;
    median(values: readonly number[]): number;
    meanInterval(values: readonly number[]): [number, number];
    ranks<T>(entries: readonly T[], compare: (a: T, b: T) => number): number[];
    correlation(a: readonly number[], b: readonly number[]): number;
    expectedLowest(values: readonly number[], n: number): number;
  };
}

/** A module of bench/lib, which TypeScript does not compile. */
export async function benchLibrary<Name extends keyof BenchLibrary>(
  name: Name,
): Promise<BenchLibrary[Name]> {
  const url = new URL(`../../../../bench/lib/${name}.mjs`, import.meta.url).href;
  return (await import(url)) as BenchLibrary[Name];
}
