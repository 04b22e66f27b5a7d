import test from 'ava';

type CountTests = (printed: string, isSuccess: boolean) => { passed: number; failed: number };
const script = new URL('../../../../scripts/lib/count-tests.mjs', import.meta.url).href;
const { countTests } = (await import(script)) as { countTests: CountTests };

test('the numbers are those of the closing lines', (t) => {
  t.deepEqual(countTests('\n  ✔ a › b\n  ─\n\n  12 tests passed\n', true), {
    passed: 12,
    failed: 0,
  });
  t.deepEqual(countTests('\u001b[32m  1 test passed\u001b[39m\n', true), { passed: 1, failed: 0 });
});

test('where tests fail, the passed ones are counted by their lines', (t) => {
  const printed =
    '  ✔ one\n  ✔ two (1s)\n  ✘ [fail]: three\n  ─\n  three\n  ─\n\n  1 test failed\n';
  t.deepEqual(countTests(printed, false), { passed: 2, failed: 1 });
});

test('failed hooks and uncaught exceptions count as failures', (t) => {
  const printed = '  1 hook failed\n  2 tests failed\n  1 uncaught exception\n';
  t.deepEqual(countTests(printed, false), { passed: 0, failed: 4 });
});

test('a run that did not succeed has at least one failure', (t) => {
  t.deepEqual(countTests('✖ Couldn’t find any files to test\n', false), { passed: 0, failed: 1 });
});
