import test from 'ava';
import { StorageError } from '../../ts/errors.js';
import { readStudy } from '../../ts/search/journal-storage.js';
import { tune } from '../../ts/tune.js';
import { temporaryFolder } from '../helpers/folder.js';
import { eventsOf, forkTune, smallTune, studyOf, tuneUntil } from '../helpers/tiny-tune.js';

test('a study is searched by one process at a time', async (t) => {
  const home = await temporaryFolder(t);
  const options = { ...smallTune, trials: 27, home };
  let study = '';
  const started = new Promise<void>((resolve) => {
    const child = forkTune(options, (event, { pid = 0 }) => {
      if (event.event !== 'trial' || study === '') {
        if (event.event === 'study') study = event.name;
        return;
      }
      process.kill(pid, 'SIGSTOP'); // holds the study for as long as the test likes
      resolve();
    });
    t.context = child;
    t.teardown(() => child.process.kill('SIGKILL'));
  });
  await started;
  const { process: first, ended } = t.context as ReturnType<typeof forkTune>;
  const { pid = 0 } = first;
  const { state: before } = await readStudy(home, study);
  for (const force of [false, true]) {
    const error = await t.throwsAsync(tune({ ...options, force }), {
      instanceOf: StorageError,
      code: 'ERR_STUDY_LOCKED',
    });
    t.true(error?.message.includes(`process ${pid}`), error?.message);
    t.regex(error?.message ?? '', /wait|stop it/);
    const { state, writer } = await readStudy(home, study);
    t.is(writer, pid, 'the first still holds it');
    t.is(state.trials.length, before.trials.length);
  }
  process.kill(pid, 'SIGKILL');
  await ended;
  const { events } = await tuneUntil(options, ({ event }) => event === 'study');
  t.is(studyOf(events), study);
  t.true((eventsOf(events, 'study')[0]?.resumedTrials ?? 0) >= 1, 'and it goes on from there');
});
