import test, { type ExecutionContext } from 'ava';
import type { GlobalKey, WinnerKey } from '../../ts/cache/winner.js';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { JournalStorage } from '../../ts/search/journal-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Study } from '../../ts/search/study.js';
import { checkRungs, readEarlier } from '../../ts/tune/earlier-study.js';
import { resolveTuneOptions, type TuneOptions } from '../../ts/tune/options.js';
import { temporaryFolder } from '../helpers/folder.js';
import { winnerKey } from '../helpers/winners.js';

const key = winnerKey({ config: 'streaming_llm' });
const { task: _task, taskVersion: _version, ...common } = key;
const globalKey: GlobalKey = {
  ...common,
  tasks: ['niah_mq8@1024', 'niah_mq8@512'],
  taskVersions: [1, 1],
  taskParameters: [],
};

async function stored(
  t: ExecutionContext,
  metadata: Readonly<Record<string, unknown>>,
  name = 'coarse',
): Promise<string> {
  const home = await temporaryFolder(t);
  await run(home, name, metadata);
  return home;
}

async function run(home: string, name: string, metadata: Readonly<Record<string, unknown>>) {
  const study = await Study.open({
    name,
    storage: new JournalStorage(home),
    space: { properties: { sinkSize: { type: 'integer', minimum: 1, maximum: 128 } } },
    sampler: new RandomSampler({ seed: 1 }),
    scheduler: new AshaScheduler({ maxResource: 32 }),
    objective: 'kl s.t. density<=0.1',
    trials: 3,
    metadata,
  });
  const jobs = await study.ask(3);
  const metrics = { kl: 1, density: 0.05, outputError: 0.5, 'outputError(niah_mq8@512)': 0.5 };
  await study.tell(jobs.map(({ trial, to }) => ({ trial, to, metrics })));
  await study.close();
}

function read(home: string, own: WinnerKey, change: Partial<TuneOptions> = {}) {
  const request = resolveTuneOptions({
    model: 'm',
    task: 'niah_mq8@512',
    config: ['streaming_llm'],
    continueFrom: 'coarse',
    home,
    ...change,
  });
  return readEarlier(request, own, 'fine');
}

test('the trials of a study of the same model, task and config are read, without the output error', async (t) => {
  const home = await stored(t, { key, outputError: true });
  const fine = { ...key, spaceHash: 'narrow', objective: 'density s.t. kl<=0.1' };
  const earlier = await read(home, fine);
  t.is(earlier?.trials.length, 3);
  t.deepEqual(earlier?.rungs, [4, 11, 32]);
  t.deepEqual(earlier?.trials[0]?.results[0]?.metrics, { kl: 1, density: 0.05 });
  const withError = await read(home, fine, { metrics: ['outputError'] });
  t.is(withError?.trials[0]?.results[0]?.metrics['outputError'], 0.5);
});

test('studies of several tasks are continued as those of one', async (t) => {
  const home = await stored(t, { key: globalKey });
  t.is((await read(home, { ...globalKey, spaceHash: 'narrow' }))?.trials.length, 3);
  await t.throwsAsync(read(home, key), {
    message: /give --task niah_mq8@1024,niah_mq8@512 --global/,
  });
});

const refused: Record<string, [from: unknown, change: Partial<TuneOptions>, message: RegExp]> = {
  'of another program': [
    undefined,
    {},
    /^Cannot continue from the study coarse: it is no study of/,
  ],
  'of another model': [{ ...key, modelFingerprint: '77-abc' }, {}, /another model \(77-abc\)/],
  'of another config': [{ ...key, config: 'magic_pig' }, {}, /give --config magic_pig/],
  'of another task': [{ ...key, task: 'niah_mq8@600' }, {}, /give --task niah_mq8@600\./],
  'of other questions': [{ ...key, taskVersion: 2 }, {}, /its questions were others .*--prompt/],
  'without a metric': [key, { objective: 'outputError' }, /did not measure outputError/],
  'without times of its own': [key, { objective: 'attentionMs s.t. kl<=1' }, /attentionMs/],
};

for (const [name, [from, change, message]] of Object.entries(refused)) {
  test(`a study ${name} is refused`, async (t) => {
    const home = await stored(t, from === undefined ? {} : { key: from });
    await t.throwsAsync(read(home, key, change), { code: 'ERR_ARGUMENT', message });
  });
}

test('a study is not continued by itself', async (t) => {
  const home = await stored(t, { key });
  await t.throwsAsync(read(home, key, { continueFrom: 'fine' }), { message: /study resume fine/ });
});

test('an unknown study is named', async (t) => {
  const home = await stored(t, { key });
  await t.throwsAsync(read(home, key, { continueFrom: 'coarze' }), {
    code: 'ERR_STUDY_NOT_FOUND',
    message: /coarse/,
  });
});

test('a study that has begun goes on without the other, also where that is gone', async (t) => {
  const home = await stored(t, { key }, 'fine');
  const warnings: string[] = [];
  const onEvent: TuneOptions['onEvent'] = (event) =>
    warnings.push(event.event === 'warning' ? event.message : '');
  t.is(await read(home, key, { onEvent }), undefined);
  t.regex(warnings.join(), /fine began without the trials of coarse .*--force/);
  t.is(await read(home, key, { onEvent, resume: true }), undefined);
  t.is(warnings.length, 1);
  await run(home, 'coarse', { key });
  t.is((await read(home, key, { force: true }))?.trials.length, 3);
});

test('other rungs are refused', (t) => {
  const earlier = { name: 'coarse', rungs: [4, 11, 32], trials: [] };
  t.notThrows(() => checkRungs(earlier, [4, 11, 32]));
  t.throws(() => checkRungs(earlier, [8, 22, 64]), {
    code: 'ERR_ARGUMENT',
    message: /measured on 4, 11, 32 questions, and here they are 8, 22, 64/,
  });
});

test('several studies cannot all go on from one', (t) => {
  const options = { model: 'm', task: 'niah_mq8@512', config: ['streaming_llm'] };
  const from = { continueFrom: 'coarse' };
  const two = { ...options, ...from, task: ['niah_mq8@512', 'niah_mq8@600'] };
  t.throws(() => resolveTuneOptions({ ...options, ...from, config: ['magic_pig', 'quest'] }), {
    code: 'ERR_ARGUMENT',
    message: /one config on one task.*continueFrom/,
  });
  t.throws(() => resolveTuneOptions(two), { message: /continueFrom/ });
  t.notThrows(() => resolveTuneOptions({ ...two, global: true }));
});
