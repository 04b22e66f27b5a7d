import test from 'ava';
import { SparseTuneError } from '../../ts/errors.js';
import {
  ellipsis,
  equalsPython,
  PythonBytes,
  PythonSet,
  PythonTuple,
  type PythonValue,
  parsePythonLiteral,
} from '../../ts/tasks/python-literal.js';

const reads = test.macro({
  exec(t, text: string, expected: PythonValue) {
    t.deepEqual(parsePythonLiteral(text), expected);
  },
  title: (_, text) => `${JSON.stringify(text)} is read`,
});

test(reads, "[{'Q': \"Who's it?\", 'A': 'Ann', 'S': ['a', 'b']}]", [
  new Map<string, PythonValue>([
    ['Q', "Who's it?"],
    ['A', 'Ann'],
    ['S', ['a', 'b']],
  ]),
]);
test(
  reads,
  "{'A': {'<mask-0>': 'Ann'}, 'type': None}",
  dict({ A: dict({ '<mask-0>': 'Ann' }), type: null }),
);
test(reads, '{"1": 1, "f": -1.5e2, "t": True, }', dict({ 1: 1, f: -150, t: true }));
test(reads, '0x_ff', 255);
test(reads, '- 1_000', -1000);
test(reads, '9007199254740993', 9007199254740993n);
test(reads, '00', 0);
test(reads, '01.5', 1.5);
test(reads, '\'a\' "b"', 'ab');
test(reads, "('a'\n'b')", 'ab');
test(reads, "'\\x41\\u00e9\\U0001F600\\101\\n\\q\\''", "Aé😀A\n\\q'");
test(reads, "r'\\n\\''", "\\n\\'");
test(reads, "'''a\r\n'b''' ", "a\n'b");
test(reads, "'a\\\nb'", 'ab');
test(reads, "b'\\xff\\q'", new PythonBytes('\xff\\q'));
test(reads, '()', new PythonTuple([]));
test(reads, "(('a'))", 'a');
test(reads, '(1,)', new PythonTuple([1]));
test(reads, '{1, 1, 2}', new PythonSet([1, 2]));
test(reads, '{1: "a", True: "b"}', new Map([[1, 'b']]));
test(reads, '{"a": ...}', dict({ a: ellipsis }));
test(reads, ' \t{}', new Map());
test(reads, '\n# note\n{}  # note\n\n  # note', new Map());
test(reads, '{\f}', new Map());

const refuses = test.macro<[text: string]>({
  exec(t, text: string) {
    t.throws(() => parsePythonLiteral(text), { instanceOf: SparseTuneError, code: 'ERR_DATA' });
  },
  title: (_, text) =>
    `${JSON.stringify(text?.slice(0, 40))}, ${text?.length} characters, is refused`,
});

for (const text of [
  '',
  '#',
  'none',
  'null',
  'nan',
  '__import__("os")',
  'dict(a=1)',
  '{"a": 1}["a"]',
  '1 + 1',
  "'a'.upper()",
  "f'{1}'",
  '1j',
  '01',
  '1__0',
  '1_',
  '0x',
  '1a',
  "'a\nb'",
  "'a",
  "'\\x4'",
  "'\\u12'",
  "'\\N{DASH}'",
  "'\\U00110000'",
  "b'é'",
  "'a' b'b'",
  "-'a'",
  '[1,,2]',
  '[,]',
  '(,)',
  '{,}',
  '{1: 2, 3}',
  '{1, 2: 3}',
  '{[1]: 2}',
  '{(1, [2]): 3}',
  '{{}}',
  '{}\n{}',
  '{}\n  ',
  '\n {}',
  '{};',
  '\ufeff{}',
  '[\u00a01]',
  '{}\0',
  "'\ud800'",
  '1'.repeat(4301),
  '['.repeat(201) + ']'.repeat(201),
  '['.repeat(1e6),
]) {
  test(refuses, text);
}

test('200 brackets and a million signs are read', (t) => {
  let value = parsePythonLiteral('['.repeat(200) + ']'.repeat(200));
  let depth = 0;
  for (; Array.isArray(value); value = value[0] ?? null) depth++;
  t.is(depth, 200);
  t.is(parsePythonLiteral(`${'-'.repeat(1e6)}1`), 1);
});

test('an error says what is wrong and where', (t) => {
  t.throws(() => parsePythonLiteral("{'a': b}"), {
    message: 'Expected a Python literal in a Python literal but found "b}" at character 6',
  });
});

const compares = test.macro({
  exec(t, a: string, b: string, expected: boolean) {
    t.is(equalsPython(parsePythonLiteral(a), parsePythonLiteral(b)), expected);
    t.is(equalsPython(parsePythonLiteral(b), parsePythonLiteral(a)), expected);
  },
  title: (_, a, b, expected) => `${a} and ${b} are ${expected ? '' : 'not '}equal`,
});

test(compares, '1', 'True', true);
test(compares, '1', '1.0', true);
test(compares, '9007199254740992.0', '9007199254740993', false);
test(compares, '1e16', '10000000000000000', true);
test(compares, "'1'", '1', false);
test(compares, 'None', '0', false);
test(compares, '[1, [2]]', '[1.0, [2]]', true);
test(compares, '[1]', '(1,)', false);
test(compares, '[1]', '[1, 2]', false);
test(compares, "{'a': 1, 'b': 2}", "{'b': 2, 'a': True}", true);
test(compares, "{'a': 1}", "{'a': 1, 'b': 2}", false);
test(compares, '{1, 2}', '{2, 1}', true);
test(compares, '{1, 2}', '{2}', false);
test(compares, "b'a'", "'a'", false);
test(compares, "b'a'", "b'\\x61'", true);

function dict(entries: Record<string, PythonValue>): Map<string, PythonValue> {
  return new Map(Object.entries(entries));
}
