import test from 'ava';
import fc from 'fast-check';
import { SearchSpaceError, SparseTuneError, StorageError } from '../../ts/errors.js';
import { validateConfig } from '../../ts/maskers/config-schema.js';
import { getPreset, listPresets } from '../../ts/maskers/presets.js';
import { decodeJournal, encodeRecords } from '../../ts/search/journal-codec.js';
import { parseObjective } from '../../ts/search/objective.js';
import { Rng } from '../../ts/search/rng.js';
import { mergeSpace } from '../../ts/space/merge-space.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { mutate } from '../helpers/mutate.js';
import { spaceSchemas } from '../helpers/space-schemas.js';

const RUNS = { numRuns: 2000, seed: 17 };
/** Spaces are compiled, which takes milliseconds each. */
const SPACE_RUNS = { numRuns: 300, seed: 17 };

/** Runs an action that may throw only errors of one kind, with a message that says something. */
function expectOnly(
  kind: new (...args: never[]) => Error,
  action: () => unknown,
  input: unknown,
): void {
  try {
    action();
  } catch (error) {
    const { message } = error as Error;
    const isTelling = message.length > 10 && !/undefined|\[object|NaN/.test(message);
    if (error instanceof kind && isTelling) return;
    throw new Error(`${JSON.stringify(input)} gives ${message}`, { cause: error });
  }
}

test('a broken search space is a SearchSpaceError or still works', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(spaceSchemas)), fc.nat(), (schema, seed) => {
      const broken = mutate(schema, seed) as Record<string, unknown>;
      expectOnly(
        SearchSpaceError,
        () => {
          const space = SearchSpace.parse(broken);
          for (let i = 0; i < 5; i++)
            space.check(space.decode(space.encode(space.sample(Rng.at(seed, i).uniform))));
        },
        broken,
      );
    }),
    SPACE_RUNS,
  );
  t.pass();
});

test('a broken change of a space is a SearchSpaceError or still works', (t) => {
  const change = {
    properties: {
      lshK: { const: 8 },
      windowSize: { minimum: 16, maximum: 64, 'x-search': { scale: 'log' } },
    },
  };
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const broken = mutate(change, seed);
      expectOnly(SearchSpaceError, () => mergeSpace(getPreset('magic_pig').space, broken), broken);
    }),
    SPACE_RUNS,
  );
  t.pass();
});

test('a broken config is a config error or valid', (t) => {
  const configs = listPresets().map(({ defaultConfig }) => ({
    semantics: 'exact',
    ...defaultConfig,
  }));
  fc.assert(
    fc.property(fc.constantFrom(...configs), fc.nat(), (config, seed) => {
      const broken = mutate(config, seed);
      expectOnly(TypeError, () => validateConfig(broken), broken);
    }),
    RUNS,
  );
  t.pass();
});

test('any text is an objective or an objective error', (t) => {
  const parts = fc.constantFrom(
    'kl',
    'density',
    ' s.t. ',
    '<=',
    '>=',
    '0.1',
    ',',
    '+',
    '*',
    ' ',
    'error',
    'sparsity_',
    'x',
    '-',
    'e',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 12 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expectOnly(
        SparseTuneError,
        () => {
          const { text: canonical } = parseObjective(text);
          if (parseObjective(canonical).text !== canonical)
            throw new Error(`not canonical: ${canonical}`);
        },
        text,
      );
    }),
    RUNS,
  );
  t.pass();
});

test('any bytes are a journal with fewer records or a StorageError', (t) => {
  const whole = Buffer.from(
    encodeRecords([{ kind: 'fail', trial: 0, to: 1, error: 'a' }], 0) +
      encodeRecords(
        [
          { kind: 'fail', trial: 1, to: 1, error: 'b' },
          { kind: 'finish', reason: 'budget' },
        ],
        1,
      ),
  );
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const broken = Buffer.from(whole.subarray(0, length));
      if (at < length) broken[at] = byte;
      expectOnly(StorageError, () => decodeJournal(broken, 'journal'), broken.toString());
    }),
    RUNS,
  );
  t.pass();
});
