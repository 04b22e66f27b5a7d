import type { MaskerConfig } from '../../ts/maskers/masker.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import type { HubMasker } from './manifest.js';

const kinds: Readonly<Record<string, string>> = {
  oracle_top_k: 'top_k',
  oracle_top_p: 'top_p',
  hash_attention_top_k: 'hash_top_k',
  quest_top_k: 'quest',
  double_sparsity_top_k: 'double_sparsity',
};

/** Hub parameters that are a count (int) or a fraction (float): our field without its suffix. */
const counts: Readonly<Record<string, string>> = {
  sink_size: 'sink',
  window_size: 'window',
  heavy_size: 'heavy',
  base_rate_sampling: 'base',
  init_offset: 'initOffset',
  local_offset: 'localOffset',
};

/** A chain of the hub as our config with `hub` semantics. */
export function toConfig(chain: readonly HubMasker[]): SparseConfig {
  return { maskers: chain.map(toMasker), semantics: 'hub' };
}

function toMasker({ type, params, kinds: types }: HubMasker): MaskerConfig {
  const fields = Object.entries(params)
    .filter(([name]) => name !== 'seed')
    .map(([name, value]) => toField(name, value, types[name]));
  return { kind: kinds[type] ?? type, ...Object.fromEntries(fields) };
}

function toField(name: string, value: unknown, type: string | undefined): [string, unknown] {
  const stem = counts[name];
  if (stem !== undefined) return [`${stem}${type === 'float' ? 'Fraction' : 'Size'}`, value];
  if (name === 'center') return ['center', value === true ? 'both' : 'none'];
  return [name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value];
}
