import type { Given, HashLayer } from '../../ts/native/attention-addon.js';
import type { GoldenCase, GoldenInput, Manifest } from './manifest.js';

/** What the hub drew or was given in a case, beside masks and projections, for one call per batch entry. */
export function readGiven(
  manifest: Manifest,
  golden: GoldenCase,
  { batch, heads_q }: GoldenInput,
): readonly Given[] {
  const { files } = golden;
  const has = (name: string) => files[name] !== undefined;
  const split = (name: string) => cutEvenly(manifest.integers(files, name), batch);
  const sampled = has('sampled_indices') ? split('sampled_indices') : [];
  const base = has('base_indices') ? split('base_indices') : [];
  const adaptive = has('adaptive_indices')
    ? cutByBudgets(
        manifest.integers(files, 'adaptive_indices'),
        cutEvenly(manifest.integers(files, 'budgets'), batch),
      )
    : [];
  const hashWeights = has('query_matrix_0') && {
    nHeads: heads_q,
    query: readNetwork(manifest, golden, 'query'),
    key: readNetwork(manifest, golden, 'key'),
  };
  const channels = has('sorted_channel') && manifest.integers(files, 'sorted_channel');
  return Array.from({ length: batch }, (_, b) => ({
    ...withField('sampledIndices', sampled[b]),
    ...withField('baseIndices', base[b]),
    ...withField('adaptiveIndices', adaptive[b]),
    ...(hashWeights && { hashWeights }),
    ...(channels && { sortedChannels: channels }),
  }));
}

function withField(name: string, value: Uint32Array | undefined): Given {
  return value === undefined ? {} : { [name]: value };
}

function cutEvenly(list: Uint32Array, parts: number): Uint32Array[] {
  const length = list.length / parts;
  return Array.from({ length: parts }, (_, i) => list.slice(i * length, (i + 1) * length));
}

/** One flat list of all rows: an entry's part is as long as the budgets of its rows together. */
function cutByBudgets(list: Uint32Array, budgets: readonly Uint32Array[]): Uint32Array[] {
  let begin = 0;
  return budgets.map((rows) => {
    const end = begin + rows.reduce((sum, budget) => sum + budget, 0);
    const part = list.slice(begin, end);
    begin = end;
    return part;
  });
}

function readNetwork(manifest: Manifest, { files }: GoldenCase, side: string): HashLayer[] {
  const layers: HashLayer[] = [];
  for (let i = 0; files[`${side}_matrix_${i}`] !== undefined; i++) {
    const [, nIn = 0, nOut = 0] = files[`${side}_matrix_${i}`]?.shape ?? [];
    const matrix = manifest.floats(files, `${side}_matrix_${i}`);
    layers.push({ nIn, nOut, matrix, bias: manifest.floats(files, `${side}_bias_${i}`) });
  }
  return layers;
}
