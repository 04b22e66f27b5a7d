import { problem, type SchemaProblem } from '../space/schema-error.js';
import type { MaskerConfig } from './masker.js';

type Semantics = 'exact' | 'hub';
type Rule = (masker: MaskerConfig, path: string, semantics: Semantics) => SchemaProblem | undefined;

const rules: Readonly<Record<string, Rule>> = {
  magic_pig: magicPigProblem,
  top_k: (masker, path, semantics) => exactOnlyProblem(masker, path, semantics, 'scoreDtype'),
  quest: (masker, path, semantics) => hubOnlyProblem(masker, path, semantics, ['labelBits']),
  double_sparsity: (masker, path, semantics) =>
    hubOnlyProblem(masker, path, semantics, ['labelBits']) ??
    fileProblem(masker, path, semantics, 'sortedChannelFile'),
  hash_top_k: (masker, path, semantics) => fileProblem(masker, path, semantics, 'hatWeightFile'),
  adaptive_sampling: adaptiveProblem,
};

/** What a masker's options may not be under the given semantics, beyond its schema. */
export function semanticsProblem(
  masker: MaskerConfig,
  path: string,
  semantics: Semantics,
): SchemaProblem | undefined {
  return rules[masker.kind]?.(masker, path, semantics);
}

/** Options that only reproduce what the hub does. */
function hubOnlyProblem(
  masker: MaskerConfig,
  path: string,
  semantics: Semantics,
  fields: readonly string[],
): SchemaProblem | undefined {
  const field = semantics === 'hub' ? undefined : fields.find((name) => masker[name] !== undefined);
  if (field === undefined) return undefined;
  return problem(`${path}/${field}`, `no ${field} (it belongs to semantics hub)`, masker[field]);
}

/** An option that the hub does not have. */
function exactOnlyProblem(
  masker: MaskerConfig,
  path: string,
  semantics: Semantics,
  field: string,
): SchemaProblem | undefined {
  if (semantics === 'exact' || masker[field] === undefined) return undefined;
  return problem(`${path}/${field}`, `no ${field} (it belongs to semantics exact)`, masker[field]);
}

/** What is learned comes from a file; under `hub` it may be injected instead. */
function fileProblem(
  masker: MaskerConfig,
  path: string,
  semantics: Semantics,
  field: string,
): SchemaProblem | undefined {
  if (semantics === 'hub' || masker[field] !== undefined) return undefined;
  return problem(path, `${field}, a path, for ${masker.kind}`, masker);
}

/** `exact` samples what is not kept yet and needs a first sample; `hub` leaves out both ends. */
function adaptiveProblem(
  masker: MaskerConfig,
  path: string,
  semantics: Semantics,
): SchemaProblem | undefined {
  const ends = ['initOffset', 'localOffset'].map((stem) => [`${stem}Size`, `${stem}Fraction`]);
  if (semantics === 'hub') {
    const missing = ends.find(
      (fields) => fields.filter((name) => masker[name] !== undefined).length !== 1,
    );
    if (missing === undefined) return undefined;
    return problem(path, `exactly one of ${missing.join(' and ')} (semantics hub)`, masker);
  }
  const empty = ['baseSize', 'baseFraction'].find((name) => masker[name] === 0);
  if (empty !== undefined) return problem(`${path}/${empty}`, 'a value above 0', 0);
  return hubOnlyProblem(masker, path, semantics, ends.flat());
}

/** `hub` centres keys and queries or nothing and needs one match; `exact` never moves the queries. */
function magicPigProblem(
  masker: MaskerConfig,
  path: string,
  semantics: Semantics,
): SchemaProblem | undefined {
  const { center, minMatches, lshK, lshL }: Readonly<Record<string, unknown>> = masker;
  const allowed = semantics === 'hub' ? ['both', 'none'] : ['keys', 'none'];
  if (center !== undefined && !allowed.includes(String(center))) {
    const expected = allowed.map((value) => JSON.stringify(value)).join(' or ');
    return problem(`${path}/center`, `${expected} (semantics ${semantics})`, center);
  }
  if (semantics === 'hub') {
    return minMatches === 2
      ? problem(`${path}/minMatches`, '1 (semantics hub)', minMatches)
      : undefined;
  }
  if (Number(lshK) > 16) return problem(`${path}/lshK`, 'at most 16 (semantics exact)', lshK);
  return (
    hubOnlyProblem(masker, path, semantics, ['packing']) ??
    (lshL === 1 && minMatches !== 1
      ? problem(`${path}/minMatches`, '1 where lshL is 1', minMatches)
      : undefined)
  );
}
