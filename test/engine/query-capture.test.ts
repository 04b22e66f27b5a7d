import test from 'ava';
import { loadTinyModel } from '../helpers/models.js';

test('a capture gives the queries of its layers, the same for the same tokens', async (t) => {
  const model = await loadTinyModel();
  const tokens = Int32Array.from({ length: 12 }, (_, i) => i + 3);
  const payload = await model.prefill(tokens);
  const snapshot = model.snapshot(payload, tokens.length);
  const queriesOf = async (next: readonly number[]) => {
    const stream = model.stream(snapshot, { maskers: [] }, next.length);
    const capture = model.capture(snapshot, [0], next.length);
    const targets = Int32Array.of(0);
    await model.decode([{ stream, tokens: Int32Array.from(next), targets, nIds: 0, capture }]);
    t.throws(() => capture.queries(1), { code: 'ERR_ARGUMENT' });
    return capture.queries(0);
  };
  const queries = await queriesOf([5, 6]);
  const { nQHeads = 0, headDim = 0 } = model.info.layers[0] ?? {};
  t.is(queries.length, nQHeads * 2 * headDim);
  t.true(queries.every(Number.isFinite) && queries.some((value) => value !== 0));
  t.deepEqual(await queriesOf([5, 6]), queries);
  t.notDeepEqual(await queriesOf([5, 7]), queries);
});
