import { frontFolder } from '../cache/front.js';
import { ImportedStarts } from '../cache/imported-starts.js';
import { tasksOf, type ValidationRow, type WinnerKey } from '../cache/winner.js';
import { WinnerCache, winnerId } from '../cache/winner-cache.js';
import { decomposeAny, isAny, METHOD } from '../maskers/any-preset.js';
import { decompose } from '../maskers/decompose.js';
import type { Preset } from '../maskers/presets.js';
import { compareEvaluations } from '../search/trial.js';
import type { Params } from '../space/distribution.js';
import { SearchSpace } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';
import type { TunedConfig, TuneRequest } from './options.js';
import { startParams } from './start-params.js';

/** A configuration that is good elsewhere. */
export interface WarmStart {
  /** Of the winner or front that it is from, as `sparsetune cache ls` shows it. */
  readonly id: string;
  readonly tasks: readonly string[];
  readonly isSameModel: boolean;
  /** Moved into the space that is searched. */
  readonly params: Params;
}

/** The study that begins with them. */
export interface WarmStartTarget {
  readonly config: TunedConfig;
  readonly key: WinnerKey;
  /** Tokens. */
  readonly shortestContext: number;
}

/** A stored winner, or a configuration of a stored front. */
interface Candidate {
  readonly key: WinnerKey;
  readonly createdAt: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly config: SparseConfig;
}

const mostConfigurations = 8;
/** Warm starts are trials: no more than a third of them, so that the rest is a search. */
const shareOfTrials = 1 / 3;
/** Of a front, whose other configurations are far from what one objective asks for. */
const mostOfFront = 2;

/**
 * Configurations to begin a search with: the stored winners of the same config (of a search over all methods those of
 * every method, and the other way round), whatever their model, task, objective and space, and of fronts those that are
 * best by this search's objective. The best match comes first: the same model before others, then the same task, the
 * same benchmark at another length, the newest; last what other programs have found. What the space cannot express and
 * what cannot run on the contexts is left out, and so is the winner that the search itself is for.
 */
export async function findWarmStarts(
  request: TuneRequest,
  target: WarmStartTarget,
): Promise<readonly WarmStart[]> {
  const { config, shortestContext } = target;
  const { preset } = config;
  const space = SearchSpace.parse(config.space);
  const found = new Map<string, WarmStart>();
  const offers = [
    ...(await ownOffers(request, target)),
    ...(await importedOffers(request, target)),
  ];
  for (const { given, ...offer } of offers) {
    const params = space.adapt(given);
    if (params === undefined || found.has(space.key(params))) continue;
    if (preset.infeasibility(params, { nKv: shortestContext }) !== undefined) continue;
    found.set(space.key(params), { ...offer, params });
  }
  const { trials = Number.POSITIVE_INFINITY } = config.budget;
  const limit = Math.max(1, Math.min(mostConfigurations, Math.floor(shareOfTrials * trials)));
  return [...found.values()].slice(0, limit);
}

/** A configuration before it is moved into the space. */
interface Offer extends Omit<WarmStart, 'params'> {
  readonly given: Readonly<Record<string, unknown>>;
}

/** Of the winners and fronts that are stored, but the winner that the search itself is for. */
async function ownOffers(
  request: TuneRequest,
  { config: { preset }, key }: WarmStartTarget,
): Promise<readonly Offer[]> {
  const own = winnerId(key);
  return (await candidates(request, key)).flatMap((candidate) => {
    const id = winnerId(candidate.key);
    const given = id === own ? undefined : paramsOf(candidate, preset);
    const isSameModel = candidate.key.modelFingerprint === key.modelFingerprint;
    return given === undefined ? [] : [{ id, tasks: tasksOf(candidate.key), isSameModel, given }];
  });
}

/** Of what other programs have found, whose models and tasks are not ours. */
async function importedOffers(
  { home, emit }: TuneRequest,
  { config: { preset }, shortestContext }: WarmStartTarget,
): Promise<readonly Offer[]> {
  const onWarning = (message: string) => emit({ event: 'warning', message });
  const starts = await new ImportedStarts(home, onWarning).list();
  return starts.flatMap(({ id, start }) => {
    const given = startParams(preset, start.config, shortestContext);
    return given === undefined ? [] : [{ id, tasks: [start.from.task], isSameModel: false, given }];
  });
}

/** All winners and fronts that are stored, the best match first. */
async function candidates(
  { home, objective, emit }: TuneRequest,
  key: WinnerKey,
): Promise<readonly Candidate[]> {
  const onWarning = (message: string) => emit({ event: 'warning', message });
  const winners = await new WinnerCache(home, { onWarning }).list();
  const fronts = await frontFolder(home, onWarning).list();
  const value = ({ metrics }: ValidationRow) => objective.evaluate({ ...metrics });
  const isPareto = objective.isPareto === true;
  const all = [
    ...winners.map(({ winner }) => ({
      key: winner.key,
      createdAt: winner.provenance.createdAt,
      params: winner.params,
      config: winner.sparseConfig,
    })),
    ...fronts.flatMap(({ record }) =>
      (isPareto ? record.rows : best(record.rows, value)).map(({ params = {}, config }) => ({
        key: record.key,
        createdAt: record.provenance.createdAt,
        params,
        config,
      })),
    ),
  ];
  return all.sort(
    (a, b) => distance(a.key, key) - distance(b.key, key) || b.createdAt.localeCompare(a.createdAt),
  );
}

function best(
  rows: readonly ValidationRow[],
  value: (row: ValidationRow) => Parameters<typeof compareEvaluations>[0],
): readonly ValidationRow[] {
  return rows.toSorted((a, b) => compareEvaluations(value(a), value(b))).slice(0, mostOfFront);
}

/** How little one search says of another: 0 on the same model and task. */
function distance(from: WinnerKey, to: WinnerKey): number {
  const [ids, wanted] = [tasksOf(from), tasksOf(to)];
  const benchmarks = wanted.map(benchmarkOf);
  const isSameTask = ids.some((id) => wanted.includes(id));
  const isSameBenchmark = ids.some((id) => benchmarks.includes(benchmarkOf(id)));
  const ofTask = isSameTask ? 0 : isSameBenchmark ? 1 : 2;
  return ofTask + (from.modelFingerprint === to.modelFingerprint ? 0 : 3);
}

/** A task's id without its length. */
function benchmarkOf(task: string): string {
  return task.replace(/@.*$/, '');
}

/**
 * What the config's space calls it, of a search over several methods with the method's name; read from the config itself
 * where the record does not tell. Undefined of another config.
 */
function paramsOf({ key, params, config }: Candidate, preset: Preset) {
  const { [METHOD]: method = key.config, ...own } = params;
  const isMethod = isAny(preset) && preset.methods.some(({ name }) => name === method);
  if (!isMethod && method !== preset.name) return undefined;
  if (Object.keys(own).length > 0) return isMethod ? { [METHOD]: method, ...own } : own;
  try {
    return isAny(preset) ? decomposeAny(preset, config) : decompose(preset, config);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ERR_CONFIG' || code === 'ERR_SEARCH_SPACE') return undefined;
    throw error;
  }
}
