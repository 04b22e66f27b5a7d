import test from 'ava';
import type { TaskKey } from '../../ts/cache/winner.js';
import { jsonLinesOf, parquetOf } from '../helpers/data-rows.js';
import { temporaryFolder } from '../helpers/folder.js';
import { startHubServer } from '../helpers/hub-server.js';
import { eventsOf, smallTune, tuneTold } from '../helpers/tiny-tune.js';

const commit = 'c'.repeat(40);
const filler = 'The lake is calm. The road is long. The moon is bright. ';

const rows = Array.from({ length: 4 }, (_, i) => ({
  context: `Document ${i}. ${filler.repeat(40)}`,
  question: '\nQuestion: How is the lake?\n',
  answer_prefix: 'Answer: ',
  answer: 'calm',
  task: 'shortdep_qa',
  max_new_tokens: 300,
}));

test('a data set of the hub is downloaded, cut to the length, tuned on and kept for later', async (t) => {
  const files = {
    'README.md': Buffer.from('a data set'),
    'shortdep_qa/test-00000-of-00001.parquet': parquetOf(rows),
    'longdep_qa.jsonl': jsonLinesOf(rows),
  };
  const server = await startHubServer({
    repo: 'simonjegou/loogle',
    type: 'dataset',
    commit,
    files,
  });
  t.teardown(() => server.close());
  process.env['HF_ENDPOINT'] = server.url; // this file has a process of its own
  const home = await temporaryFolder(t);
  const options = { ...smallTune, task: 'loogle/shortdep_qa@600', home, trials: 3 };
  const { events, results } = await tuneTold(options);
  const winner = results[0]?.winner;
  const key = winner?.key as TaskKey;
  t.like(key, { task: 'loogle/shortdep_qa@600' });
  t.deepEqual(key.taskParameters, {
    length: 600,
    truncate: 'head',
    promptStyle: 'auto',
    data: `simonjegou/loogle@${commit}`,
  });
  t.is(eventsOf(events, 'phase')[0]?.phase, 'data');
  t.true(eventsOf(events, 'progress').some(({ phase }) => phase === 'data'));
  for (const { contextTokens, contexts } of eventsOf(events, 'prepared'))
    t.true(contextTokens / contexts < 300);
  t.true(winner?.validation.rows.every(({ score = -1 }) => score >= 0 && score <= 1));
  const requests = server.log.length;

  process.env['HF_HUB_OFFLINE'] = '1';
  const known = await tuneTold(options);
  t.is(eventsOf(known.events, 'winner')[0]?.cached, true);
  await t.throwsAsync(tuneTold({ ...options, task: 'loogle/longdep_qa@600' }), {
    code: 'ERR_DATA',
    message: /loogle \(longdep_qa\) are not in .*HF_HUB_OFFLINE/,
  });
  t.is(server.log.length, requests);
});
