import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { rejectConfig } from '../errors.js';
import { didYouMean } from '../space/nearest.js';
import { describeErrors, problem, type SchemaProblem } from '../space/schema-error.js';
import type { SparseConfig } from '../sparse-config.js';
import type { MaskerConfig, MaskerDefinition } from './masker.js';
import { MASKER_KINDS, MASKERS, maskerOf } from './registry.js';
import { semanticsProblem } from './semantics.js';

const CONFIG_SCHEMA = {
  type: 'object',
  properties: {
    maskers: {
      type: 'array',
      items: { type: 'object', properties: { kind: { type: 'string' } }, required: ['kind'] },
    },
    semantics: { enum: ['exact', 'hub'] },
    share: { enum: ['group', 'head'] },
  },
  required: ['maskers'],
  additionalProperties: false,
} as const;

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  verbose: true,
  logger: false,
});
const validateChain = ajv.compile(CONFIG_SCHEMA);
const validators = new Map<string, ValidateFunction>(
  MASKERS.map(({ kind, schema }) => [kind, ajv.compile(schema)]),
);

/**
 * Checks a sparse-attention config: known kinds, their options and ranges, and what holds over the whole chain.
 *
 * @returns the same object, typed; nothing is filled in
 * @throws {TypeError} `ERR_CONFIG`, naming the JSON pointer and the nearest known kind or option
 *
 * @example
 * validateConfig({ maskers: [{ kind: 'sink', sinkSize: 4 }, { kind: 'local', windowSize: 64 }] });
 */
export function validateConfig(config: unknown): SparseConfig {
  const found =
    chainProblem(config) ??
    firstMaskerProblem(config as SparseConfig) ??
    ruleProblem(config as SparseConfig);
  if (found !== undefined) rejectConfig(`${found.message} in the config`);
  return config as SparseConfig;
}

function chainProblem(config: unknown): SchemaProblem | undefined {
  if (validateChain(config)) return undefined;
  return describeErrors(validateChain.errors ?? [], () => Object.keys(CONFIG_SCHEMA.properties));
}

function firstMaskerProblem({ maskers }: SparseConfig): SchemaProblem | undefined {
  for (const [i, masker] of maskers.entries()) {
    const found = maskerProblem(masker, `/maskers/${i}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is wrong with the options of one masker; `path` is where it stands. */
function maskerProblem(masker: MaskerConfig, path: string): SchemaProblem | undefined {
  const definition = maskerOf(masker.kind);
  const validate = validators.get(masker.kind);
  if (definition === undefined || validate === undefined) {
    return problem(
      `${path}/kind`,
      'a masker kind',
      masker.kind,
      didYouMean(masker.kind, MASKER_KINDS),
    );
  }
  if (validate(masker)) return undefined;
  return sizeProblem(definition, masker, path) ?? schemaProblem(definition, validate, path);
}

function schemaProblem(
  definition: MaskerDefinition,
  validate: ValidateFunction,
  path: string,
): SchemaProblem {
  const errors = (validate.errors ?? []).map((error) => ({
    ...error,
    instancePath: path + error.instancePath,
  }));
  const names = Object.keys(definition.schema['properties'] as object);
  return describeErrors(errors, () => names.filter((name) => name !== 'kind'));
}

/** Both fields of a size; or neither, where no other name could be a slip for one. */
function sizeProblem(
  { size, kind }: MaskerDefinition,
  masker: MaskerConfig,
  path: string,
): SchemaProblem | undefined {
  if (size === undefined) return undefined;
  const given = [size.count, size.fraction].filter((field) => masker[field] !== undefined);
  const others = Object.keys(masker).filter((name) => name !== 'kind' && !given.includes(name));
  if (given.length === 1 || others.length > 0) return undefined;
  return problem(
    path,
    `exactly one of ${size.count} (a count) and ${size.fraction} (0 to 1) for ${kind}`,
    masker,
  );
}

/** Rules that span fields or maskers. */
function ruleProblem(config: SparseConfig): SchemaProblem | undefined {
  const { maskers, semantics = 'exact', share } = config;
  if (semantics === 'hub' && share !== undefined) {
    return problem('/share', 'no share (it belongs to semantics exact)', share);
  }
  const [, second] = maskers.flatMap(({ kind }, i) => (maskerOf(kind)?.isSampling ? [i] : []));
  if (second !== undefined) {
    const { kind } = maskers[second] ?? {};
    return problem(`/maskers/${second}`, 'at most one sampling masker in a chain', kind);
  }
  for (const [i, masker] of maskers.entries()) {
    const found = semanticsProblem(masker, `/maskers/${i}`, semantics);
    if (found !== undefined) return found;
  }
  return undefined;
}
