import { rejectArgument, rejectRange } from '../errors.js';
import { checkChoice, checkInteger, checkNoOthers, checkObject } from './check-arguments.js';

/** `exact` is this project's rule, `hub` that of sparse-attention-hub. */
export type Semantics = 'exact' | 'hub';

/** One masker of a chain; its other fields depend on the kind. */
export interface MaskerConfig {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** A chain of maskers; none is dense attention. */
export interface SparseConfig {
  readonly maskers: readonly MaskerConfig[];
  readonly semantics?: Semantics;
}

type CheckMasker = (path: string, masker: Record<string, unknown>, semantics: Semantics) => void;

const maskers: Record<string, CheckMasker> = {
  sink: sized('sink'),
  local: sized('window'),
  top_k: sized('heavy'),
  magic_pig: checkMagicPig,
};
const samplers = new Set(['magic_pig']);

/**
 * Checks a config before anything native sees it.
 *
 * @throws {TypeError | RangeError} `ERR_CONFIG`, or `ERR_ARGUMENT` where it is no object at all;
 *   the message names the field
 */
export function checkConfig(config: unknown): asserts config is SparseConfig {
  const object = checkObject('config', config);
  checkNoOthers('config', object, ['maskers', 'semantics'], 'ERR_CONFIG');
  const semantics =
    object['semantics'] === undefined
      ? 'exact'
      : checkChoice('config.semantics', object['semantics'], ['exact', 'hub'], 'ERR_CONFIG');
  const list = object['maskers'];
  if (!Array.isArray(list)) rejectArgument('config.maskers', 'an array', list, 'ERR_CONFIG');
  for (const [i, masker] of list.entries()) {
    checkMasker(`config.maskers[${i}]`, masker, semantics);
  }
  const kinds = list.map((masker: MaskerConfig) => masker.kind);
  if (kinds.filter((kind) => samplers.has(kind)).length > 1) {
    rejectRange('config.maskers', 'at most one sampling masker', kinds.join(', '), 'ERR_CONFIG');
  }
}

function checkMasker(path: string, value: unknown, semantics: Semantics): void {
  const masker = checkObject(path, value);
  const kind = checkChoice(`${path}.kind`, masker['kind'], Object.keys(maskers), 'ERR_CONFIG');
  maskers[kind]?.(path, masker, semantics);
}

/** A masker whose one parameter is a count or a fraction of the keys. */
function sized(stem: string): CheckMasker {
  const size = `${stem}Size`;
  const fraction = `${stem}Fraction`;
  return (path, masker) => {
    checkNoOthers(path, masker, ['kind', size, fraction], 'ERR_CONFIG');
    if ((masker[size] === undefined) === (masker[fraction] === undefined)) {
      const given = masker[size] === undefined ? 'neither' : 'both';
      rejectArgument(path, `exactly one of ${size} and ${fraction}`, given, 'ERR_CONFIG');
    }
    if (masker[size] === undefined) {
      checkFraction(`${path}.${fraction}`, masker[fraction]);
    } else {
      checkInteger(`${path}.${size}`, masker[size], { min: 1, max: 2 ** 32 - 1 }, 'ERR_CONFIG');
    }
  };
}

function checkFraction(name: string, value: unknown): void {
  const expected = 'a number above 0, at most 1';
  if (typeof value !== 'number') rejectArgument(name, expected, value, 'ERR_CONFIG');
  if (!(value > 0 && value <= 1)) rejectRange(name, expected, value, 'ERR_CONFIG');
}

function checkMagicPig(path: string, masker: Record<string, unknown>, semantics: Semantics): void {
  const isHub = semantics === 'hub';
  const own = isHub ? 'packing' : 'minMatches';
  checkNoOthers(path, masker, ['kind', 'lshL', 'lshK', 'center', own], 'ERR_CONFIG');
  const max = isHub ? 64 : 16;
  const lshL = checkInteger(`${path}.lshL`, masker['lshL'], { min: 1, max: 512 }, 'ERR_CONFIG');
  checkInteger(`${path}.lshK`, masker['lshK'], { min: 1, max }, 'ERR_CONFIG');
  checkOptional(`${path}.center`, masker['center'], [isHub ? 'both' : 'keys', 'none']);
  if (isHub) {
    checkOptional(`${path}.packing`, masker['packing'], ['int64', 'float32']);
    return;
  }
  const minMatches = masker['minMatches'] ?? 2;
  const range = { min: 1, max: Math.min(2, lshL) };
  checkInteger(`${path}.minMatches`, minMatches, range, 'ERR_CONFIG');
}

function checkOptional(name: string, value: unknown, choices: readonly string[]): void {
  if (value !== undefined) checkChoice(name, value, choices, 'ERR_CONFIG');
}
