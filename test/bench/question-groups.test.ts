import test from 'ava';
import { questionGroups } from '../../ts/bench/question-groups.js';
import type { Task, TaskQuestion } from '../../ts/tasks/task.js';
import type { RenderedSplit } from '../../ts/tune/prepare-split.js';

/** Contexts of some lengths with two questions each, which come in turn. */
function split(...lengths: number[]): RenderedSplit {
  const contexts = lengths.map((n, i) => ({ id: `c${i}`, tokens: new Int32Array(n) }));
  const places = [0, 1].flatMap((question) =>
    contexts.map((_, context) => ({ context, question })),
  );
  return {
    task: { id: 'a' } as Task,
    split: 'test',
    contexts,
    questions: places.map(({ context, question }) => ({
      id: `c${context}/${question}`,
      context,
      promptTokens: Int32Array.of(1),
      goldTokens: Int32Array.of(2),
      maxNewTokens: 4,
    })),
    asked: places.map(
      ({ context, question }) => ({ id: `c${context}/${question}` }) as TaskQuestion,
    ),
    grade: (index) => ({ score: index, isSettled: false }),
  };
}

const half = 2 ** 29;

test('contexts that fit into memory together are one group', (t) => {
  const [group, ...others] = questionGroups(split(1, 1), {
    bytesPerToken: half,
    groupBytes: 2 * half,
  });
  t.deepEqual(others, []);
  t.deepEqual(group?.indices, [0, 1, 2, 3]);
});

test('more contexts are cut into groups, in which a question keeps its place and its grader', (t) => {
  const groups = questionGroups(split(1, 1, 1), { bytesPerToken: half, groupBytes: 2 * half });
  t.deepEqual(
    groups.map(({ indices }) => indices),
    [
      [0, 1, 3, 4],
      [2, 5],
    ],
  );
  const last = groups[1]?.rendered;
  t.deepEqual(
    last?.contexts.map(({ id }) => id),
    ['c2'],
  );
  t.deepEqual(
    last?.questions.map(({ id, context }) => [id, context]),
    [
      ['c2/0', 0],
      ['c2/1', 0],
    ],
  );
  t.deepEqual(
    last?.asked.map(({ id }) => id),
    ['c2/0', 'c2/1'],
  );
  t.is(last?.grade(1, '').score, 5);
});

test('a context that is too large for a group is one by itself', (t) => {
  const groups = questionGroups(split(1, 9, 1), { bytesPerToken: half, groupBytes: 2 * half });
  t.deepEqual(
    groups.map(({ indices }) => indices),
    [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
  );
});
