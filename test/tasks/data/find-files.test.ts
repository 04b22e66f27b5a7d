import test from 'ava';
import { findDataFiles, type WantedFiles } from '../../../ts/tasks/data/find-files.js';

const finds = test.macro({
  exec(t, paths: string[], wanted: WantedFiles, expected: string[]) {
    t.deepEqual(findDataFiles(paths, wanted), expected);
  },
  title: (name = '') => name,
});

const passkey = { names: ['passkey'] };

test(
  'a config of the hub is found by its folder',
  finds,
  ['README.md', 'passkey_2/test-00000-of-00001.parquet', 'passkey/test-00000-of-00001.parquet'],
  passkey,
  ['passkey/test-00000-of-00001.parquet'],
);
test(
  'a file is found by its name, Parquet before JSONL',
  finds,
  ['data/passkey.jsonl', 'data/passkey.parquet', 'passkey.txt'],
  passkey,
  ['data/passkey.parquet'],
);
test(
  'all parts are found in their order',
  finds,
  ['passkey/test-00001-of-00002.parquet', 'passkey/test-00000-of-00002.parquet'],
  passkey,
  ['passkey/test-00000-of-00002.parquet', 'passkey/test-00001-of-00002.parquet'],
);
test(
  'a file that lacks a part is not taken',
  finds,
  ['passkey/test-00001-of-00002.parquet', 'passkey.jsonl'],
  passkey,
  ['passkey.jsonl'],
);
test(
  'the test split goes before the train split',
  finds,
  ['passkey/train.jsonl', 'passkey/test.jsonl'],
  passkey,
  ['passkey/test.jsonl'],
);
test(
  'a second name is taken where the first is not there',
  finds,
  ['summarization/test.jsonl'],
  { names: ['longdep_summarization', 'summarization'] },
  ['summarization/test.jsonl'],
);
test(
  'the file of a whole data set is the last choice',
  finds,
  ['data.json', 'x/data.json'],
  { names: ['cot'], wholeNames: ['data'] },
  ['data.json'],
);
test('a dot of a name is a dot', finds, ['aXb.jsonl'], { names: ['a.b'] }, []);
test(
  'a path that climbs out of the folder is not taken',
  finds,
  ['../passkey.jsonl', 'a/../../passkey.jsonl'],
  passkey,
  [],
);
