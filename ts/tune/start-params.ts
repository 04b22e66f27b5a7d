import { isAny, METHOD } from '../maskers/any-preset.js';
import { chainFields } from '../maskers/chain-space.js';
import type { MaskerConfig } from '../maskers/masker.js';
import type { Preset } from '../maskers/presets.js';
import { maskerOf } from '../maskers/registry.js';
import type { Params, ParamValue } from '../space/distribution.js';
import { SearchSpace } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';

/**
 * What of a config a preset's parameters can take over, to begin a search near it: where its maskers are among the
 * preset's and the preset's last one, which it is named for, is among them. A size in the other form is converted for
 * contexts of `nKv` keys. The values may lie outside the space, and parameters may be missing.
 */
export function startParams(preset: Preset, config: SparseConfig, nKv: number): Params | undefined {
  if (!isAny(preset)) return ownParams(preset, config, nKv);
  const equal = preset.methods.find((method) => kindsOf(method.defaultConfig) === kindsOf(config));
  for (const method of equal === undefined ? preset.methods : [equal]) {
    const params = ownParams(method, config, nKv);
    if (params !== undefined) return { [METHOD]: method.name, ...params };
  }
  return undefined;
}

function ownParams(preset: Preset, { maskers }: SparseConfig, nKv: number): Params | undefined {
  const own = preset.defaultConfig.maskers;
  const isKnown = maskers.every(({ kind }) => own.some((masker) => masker.kind === kind));
  const isMeant = maskers.some(({ kind }) => kind === own.at(-1)?.kind);
  if (!isKnown || !isMeant) return undefined;
  const names = SearchSpace.parse(preset.space).names;
  const params: Record<string, ParamValue> = {};
  for (const { parameter, masker: place, field } of chainFields(preset.defaultConfig)) {
    const kind = own[place ?? -1]?.kind;
    const masker = maskers.find((each) => each.kind === kind);
    const value = masker && fieldOf(masker, field, nKv);
    if (value !== undefined && names.includes(parameter)) params[parameter] = value;
  }
  return params;
}

function fieldOf(masker: MaskerConfig, field: string, nKv: number): ParamValue | undefined {
  const given = masker[field] as ParamValue | undefined;
  const size = maskerOf(masker.kind)?.size;
  if (given !== undefined || size === undefined) return given;
  const [count, fraction] = [masker[size.count], masker[size.fraction]];
  if (field === size.count && typeof fraction === 'number')
    return Math.max(1, Math.floor(fraction * nKv));
  return field === size.fraction && typeof count === 'number' ? count / nKv : undefined;
}

function kindsOf({ maskers }: SparseConfig): string {
  return maskers.map(({ kind }) => kind).join();
}
