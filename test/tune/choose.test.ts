import test from 'ava';
import { choose } from '../../ts/tune/choose.js';

const candidate = (value: number, violation = 0, density = 0.1) => ({ value, violation, density });

test('the lowest value that holds the constraint is chosen', (t) => {
  t.deepEqual(choose([candidate(3), candidate(1, 0.1), candidate(2)], { tie: 0 }), [2, undefined]);
});

test('where none holds it the least broken is the nearest', (t) => {
  t.deepEqual(choose([candidate(1, 0.5), candidate(9, 0.1)], { tie: 0 }), [undefined, 1]);
});

test('of values within the tie the lowest density is chosen, and only of those', (t) => {
  const list = [candidate(1, 0, 0.3), candidate(1.05, 0, 0.2), candidate(1.2, 0, 0.1)];
  t.deepEqual(choose(list, { tie: 0.1 }), [1, undefined]);
  t.deepEqual(choose(list, { tie: 0 }), [0, undefined]);
});

test('values that are not finite are no candidates', (t) => {
  t.deepEqual(choose([candidate(Number.NaN), candidate(5)], { tie: 0 }), [1, undefined]);
  t.deepEqual(choose([candidate(Number.NEGATIVE_INFINITY)], { tie: 0 }), [undefined, undefined]);
  t.deepEqual(choose([], { tie: 0 }), [undefined, undefined]);
});
