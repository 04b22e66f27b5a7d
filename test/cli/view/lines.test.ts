import test from 'ava';
import { logLines } from '../../../ts/cli/view/lines.js';
import { initialState, reduce } from '../../../ts/cli/view/state.js';
import type { TuneEvent } from '../../../ts/tune-events.js';
import { noWinner, recordedEvents } from '../../helpers/recorded-tune.js';

function log(events: readonly TuneEvent[]): string[] {
  let state = initialState;
  return events.flatMap((event) => {
    const lines = logLines(event, state);
    state = reduce(state, event);
    return lines;
  });
}

test('a run reads as a log from top to bottom', (t) => {
  t.deepEqual(log(recordedEvents).slice(0, 13), [
    'loading the model',
    'prefilling the contexts (search)',
    '  4/4 contexts, 12.0s',
    'dense reference (search)',
    '  search: 4 contexts, 32 questions, dense accuracy 0.688, KL noise floor 1.2e-6; 1720 tokens prefilled in 12.0s (1 from snapshots), dense reference 9.5s',
    'searching hash_attention',
    '  study hash_attention-1a2b: 27 trials',
    '  trial 7 pruned at 4 questions: KL 0.0200, density 8.0%  heavyFraction=0.05123 sinkSize=16',
    '  trial 8 failed at 4 questions: out of memory  heavyFraction=0.05123 sinkSize=16',
    'validating hash_attention',
    '  dense: score 0.730, to dense -0.010 [-0.060, 0.040]',
    '  trial 12: score 0.730, to dense -0.010 [-0.060, 0.040]',
    '',
  ]);
});

test('progress is logged every ten seconds and at its end, not more often', (t) => {
  const steps = Array.from(
    { length: 30 },
    (_, i): TuneEvent => ({
      event: 'progress',
      phase: 'validate',
      done: i + 1,
      total: 30,
      unit: 'questions',
      elapsedMs: (i + 1) * 1000,
    }),
  );
  t.deepEqual(log(steps), [
    '  10/30 questions, 10.0s',
    '  20/30 questions, 20.0s',
    '  30/30 questions, 30.0s',
  ]);
});

test('a run without a winner shows the rows and the nearest', (t) => {
  const text = log([...recordedEvents.slice(0, -1), noWinner]).join('\n');
  t.regex(text, /magic_pig: no winner, nothing was stored\. No candidate holds density<=0\.1/);
  t.regex(text, /nearest: trial 3: heavyFraction=0\.05/);
});
