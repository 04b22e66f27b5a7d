import type { Trial, TrialResult } from './trial.js';

/** The values of two objectives, both minimised. */
export type Pair = readonly [number, number];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Pair, b: Pair): boolean {
  return a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
}

/**
 * The layer of each point: 0 for those that no other dominates, 1 for those that only layer 0 dominates, and so on.
 *
 * With points in the order of the first objective the last point of a layer tells whether the layer dominates, and what
 * a layer dominates all layers before it do: a binary search, so that the cost is n log n.
 *
 * @see Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002
 */
export function nonDominatedLayers(points: readonly Pair[]): readonly number[] {
  const order = [...points.keys()].sort((a, b) => compare(points[a], points[b]));
  const layers: number[] = points.map(() => 0);
  const last: Pair[] = [];
  for (const i of order) {
    const point = points[i];
    if (point === undefined) continue;
    let [layer, end] = [0, last.length];
    while (layer < end) {
      const middle = (layer + end) >> 1;
      const other = last[middle];
      if (other !== undefined && dominates(other, point)) layer = middle + 1;
      else end = middle;
    }
    layers[i] = layer;
    last[layer] = point;
  }
  return layers;
}

/**
 * The area that each point of a front alone dominates, between its neighbours; Infinity at both ends, so that the
 * extremes are kept. Equal points share nothing.
 */
export function hypervolumeContributions(front: readonly Pair[]): readonly number[] {
  const order = [...front.keys()].sort((a, b) => compare(front[a], front[b]));
  const areas: number[] = front.map(() => Number.POSITIVE_INFINITY);
  for (let i = 1; i + 1 < order.length; i++) {
    const [left, own, right] = [order[i - 1], order[i], order[i + 1]].map((k) => front[k ?? 0]);
    if (left === undefined || own === undefined || right === undefined) continue;
    areas[order[i] ?? 0] = (right[0] - own[0]) * (left[1] - own[1]);
  }
  return areas;
}

/** The area between a front and a reference point that all of it dominates; points beyond the reference count nothing. */
export function hypervolume(points: readonly Pair[], reference: Pair): number {
  const inside = points
    .filter((point) => dominates(point, reference))
    .sort((a, b) => compare(a, b));
  let area = 0;
  let height = reference[1];
  for (const [x, y] of inside) {
    if (y >= height) continue;
    area += (reference[0] - x) * (height - y);
    height = y;
  }
  return area;
}

/**
 * The trials of a study of two objectives with values that a sampler and a scheduler of one objective can use: at each
 * rung the place of the result among all results there, by layer of the front, within a layer by the hypervolume that
 * the point alone contributes, divided by their number.
 */
export function withParetoValues(trials: readonly Trial[]): readonly Trial[] {
  const byRung = new Map<number, TrialResult[]>();
  for (const result of trials.flatMap(({ results }) => results)) {
    const list = byRung.get(result.resource) ?? [];
    list.push(result);
    byRung.set(result.resource, list);
  }
  const values = new Map<TrialResult, number>();
  for (const list of byRung.values()) {
    const ranked = rankByFront(list);
    for (const [place, result] of ranked.entries()) values.set(result, place / ranked.length);
  }
  return trials.map((trial) => ({
    ...trial,
    results: trial.results.map((result) => ({ ...result, value: values.get(result) ?? 1 })),
  }));
}

/**
 * Results of one rung: those that hold the constraints by layer, contribution and arrival, then the others by how much
 * they break them. What breaks them keeps none of the others from the front.
 */
function rankByFront(results: readonly TrialResult[]): readonly TrialResult[] {
  const held = results.filter(({ violation }) => violation === 0);
  const broken = results.filter(({ violation }) => violation > 0);
  const layers = nonDominatedLayers(held.map(pairOf));
  const members: number[][] = [];
  for (const [i, layer] of layers.entries()) {
    members[layer] ??= [];
    members[layer].push(i);
  }
  const areas: number[] = held.map(() => 0);
  for (const indices of members) {
    const front = indices.flatMap((i) => held[i] ?? []).map(pairOf);
    for (const [k, area] of hypervolumeContributions(front).entries())
      areas[indices[k] ?? 0] = area;
  }
  const ranked = [...held.keys()].sort((a, b) => {
    const layer = (layers[a] ?? 0) - (layers[b] ?? 0);
    return layer || descending(areas[a] ?? 0, areas[b] ?? 0) || a - b;
  });
  return [
    ...ranked.flatMap((i) => held[i] ?? []),
    ...broken.toSorted((a, b) => a.violation - b.violation),
  ];
}

/** The trials with a result at a resource that hold the constraints and are dominated by no other such trial. */
export function paretoFront(trials: readonly Trial[], resource: number): readonly Trial[] {
  const known = trials.flatMap((trial) => {
    const result = trial.results.find((entry) => entry.resource === resource);
    return result === undefined || result.violation > 0 || trial.state === 'failed'
      ? []
      : [{ trial, pair: pairOf(result) }];
  });
  const layers = nonDominatedLayers(known.map(({ pair }) => pair));
  return known
    .filter((_, i) => layers[i] === 0)
    .sort((a, b) => compare(a.pair, b.pair))
    .map(({ trial }) => trial);
}

/** Both objectives of a result; one that has a single value stands for both. */
function pairOf({ value, objectives }: TrialResult): Pair {
  return [objectives?.[0] ?? value, objectives?.[1] ?? value];
}

function compare(a: Pair = [0, 0], b: Pair = [0, 0]): number {
  return a[0] - b[0] || a[1] - b[1];
}

function descending(a: number, b: number): number {
  return a === b ? 0 : b - a;
}
