import { SparseTuneError } from '../errors.js';

/** A result of sparse-attention-hub's optimiser, in either of its two formats. */
export interface HubResult {
  readonly model: string;
  /** Benchmark and subset. */
  readonly task: string;
  /** What the hub calls the config. */
  readonly name: string;
  /** Of its combined objective, lower is better. */
  readonly score: number | undefined;
  /** Maskers with their class, or parameters whose names begin with it. */
  readonly chain: readonly {
    readonly type: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[];
}

/** Classes by how the older format writes them before a parameter: lower-case, without `Config`. */
const prefixes: Readonly<Record<string, string>> = {
  sinkmasker: 'SinkMaskerConfig',
  localmasker: 'LocalMaskerConfig',
  oracletopk: 'OracleTopKConfig',
  oracletoppmasker: 'OracleTopPMaskerConfig',
  questtopkmasker: 'QuestTopKMaskerConfig',
  randomsamplingmasker: 'RandomSamplingMaskerConfig',
  adaptivesamplingmasker: 'AdaptiveSamplingMaskerConfig',
  magicpig: 'MagicPigConfig',
};

/** Classes of configs that have one masker, whose parameters stand there by their own names. */
const singles: Readonly<Record<string, string>> = {
  local_masker: 'LocalMaskerConfig',
  sink_masker: 'SinkMaskerConfig',
  adaptive_sampling: 'AdaptiveSamplingMaskerConfig',
};

/** Whether a parsed file looks like a result of the hub. */
export function isHubResult(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ('sparse_config' in value || 'best_params' in value)
  );
}

/**
 * Reads a result of the hub.
 *
 * @param value - parsed by parsePythonJson
 * @throws {SparseTuneError} `ERR_ARGUMENT` with what is missing, or why there is nothing to take
 */
export function readHubResult(value: unknown): HubResult {
  const record = asRecord(value, 'the file');
  return 'sparse_config' in record ? readConfigFile(record) : readCacheFile(record);
}

/**
 * JSON as Python writes it: `NaN` and `Infinity` are null, and a float that is a whole number is told from an integer
 * as `{ float }`.
 */
export function parsePythonJson(text: string): unknown {
  const token = /"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  const plain = text.replaceAll(token, (found) => {
    if (found.startsWith('"')) return found;
    if (/NaN|Infinity/.test(found)) return 'null';
    const isWholeFloat = /[.eE]/.test(found) && Number.isInteger(Number(found));
    return isWholeFloat ? `{"float":${Number(found)}}` : found;
  });
  return JSON.parse(plain);
}

/** `<model>_<task>_<chain>.json` of a run. */
function readConfigFile(record: Readonly<Record<string, unknown>>): HubResult {
  const { model, task, masker_name: name, sparse_config: sparse, num_trials: trials } = record;
  if (sparse === null) reject('it is dense attention, from which nothing can begin');
  if (trials === 0) reject('its search failed, and it holds an untuned template');
  const { masker_configs: maskers } = asRecord(sparse, 'sparse_config');
  if (!Array.isArray(maskers) || maskers.length === 0)
    reject('its sparse_config has no masker_configs');
  const chain = (maskers as readonly unknown[]).map((masker) => {
    const { type, params = {} } = asRecord(masker, 'a masker');
    return { type: asText(type, 'type'), params: asRecord(params, 'params') };
  });
  return {
    model: asText(model, 'model'),
    task: asText(task, 'task'),
    name: asText(name, 'masker_name'),
    score: asNumber(record['score']),
    chain,
  };
}

/** `<key>.json` of the cache of the older optimiser. */
function readCacheFile(record: Readonly<Record<string, unknown>>): HubResult {
  const { model_name: model, config_type, benchmark_name: benchmark, subset } = record;
  const name = asText(config_type, 'config_type');
  const params = asRecord(record['best_params'], 'best_params');
  const metrics = asRecord(record['best_metrics'] ?? {}, 'best_metrics');
  const end = typeof subset === 'string' && subset !== '' ? `/${subset}` : '';
  return {
    model: asText(model, 'model_name'),
    task: `${asText(benchmark, 'benchmark_name')}${end}`,
    name,
    score: asNumber(metrics['combined_score']),
    chain: chainOf(name, params),
  };
}

function chainOf(name: string, params: Readonly<Record<string, unknown>>): HubResult['chain'] {
  const maskers = new Map<string, Record<string, unknown>>();
  for (const [key, value] of Object.entries(params)) {
    const [, prefix = '', field = ''] = /^([a-z]+)_(.+)$/.exec(key) ?? [];
    const type = prefixes[prefix] ?? singles[name];
    if (type === undefined) return reject(`its parameter ${key} belongs to no masker`);
    const own = prefixes[prefix] === undefined ? key : field;
    maskers.set(type, { ...maskers.get(type), [own]: value });
  }
  if (maskers.size === 0) reject('its best_params are empty');
  return [...maskers].map(([type, own]) => ({ type, params: own }));
}

function asRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  return reject(`its ${name} is no object`);
}

function asText(value: unknown, name: string): string {
  return typeof value === 'string' && value !== '' ? value : reject(`its ${name} is missing`);
}

function asNumber(value: unknown): number | undefined {
  const number =
    typeof value === 'object' && value !== null && 'float' in value ? value.float : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function reject(reason: string): never {
  throw new SparseTuneError('ERR_ARGUMENT', reason);
}
