import { Rng } from '../../ts/search/rng.js';

const STRANGE: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  '',
  'x',
  true,
  [],
  {},
  [null],
  { type: 'integer' },
  { const: 1 },
  1e308,
  '__proto__',
];

/** A copy of a JSON value in which one to three places are replaced, dropped or misspelt. */
export function mutate(value: unknown, seed: number): unknown {
  const rng = Rng.at(seed, 0);
  let copy = structuredClone(value);
  for (let i = rng.integer(3); i >= 0; i--) copy = mutateOnce(copy, rng);
  return JSON.parse(JSON.stringify(copy)); // no holes: what a file can hold
}

function mutateOnce(value: unknown, rng: Rng): unknown {
  const strange = structuredClone(STRANGE[rng.integer(STRANGE.length)]);
  if (typeof value !== 'object' || value === null || rng.uniform() < 0.1) return strange;
  const keys = Object.keys(value);
  const key = keys[rng.integer(keys.length)];
  if (key === undefined) return strange;
  const holder = value as Record<string, unknown>;
  const fate = rng.uniform();
  if (fate < 0.15) delete holder[key];
  else if (fate < 0.3) holder[`${key}s`] = holder[key];
  else holder[key] = mutateOnce(holder[key], rng);
  return value;
}
