import test from 'ava';
import { registerTask, resolveTask, resolveTasks, taskNames } from '../../ts/tasks/registry.js';

test('an id gives its task with length and prompt style in the parameters', (t) => {
  const task = resolveTask('niah_mq8@2048', { promptStyle: 'chat' });
  t.is(task.id, 'niah_mq8@2048');
  t.like(task.parameters, { length: 2048, promptStyle: 'chat', keys: 8 });
  t.is(resolveTask('niah_mq8').id, 'niah_mq8@512');
});

const refuses = test.macro({
  exec(t, id: string, message: RegExp) {
    t.throws(() => resolveTask(id), { code: 'ERR_TASK', message });
  },
  title: (_, id) => `the id "${id}" is refused`,
});

test(refuses, 'niah_mq9@512', /did you mean niah_mq8\?/);
test(refuses, 'niah-mq8', /did you mean niah_mq8\?/);
test(refuses, 'something_else', /Unknown task "something_else" \(known:/);
test(refuses, 'niah_mq8@long', /"@long" in niah_mq8@long is no length/);
test(refuses, 'niah_mq8@-3', /no length/);
test(refuses, 'niah_mq8/sub@512', /no subsets/);
test(refuses, '', /no task id/);
test(refuses, '@512', /no task id/);

test('a registered task is found by its id with subset and length', (t) => {
  registerTask('echo_task', ({ subset, length }) => ({
    id: `echo_task/${subset}@${length}`,
    version: 1,
    parameters: {},
    promptStyle: 'plain',
    contexts: () => [],
    score: () => 0,
  }));
  t.is(resolveTask('echo_task/part_1@64').id, 'echo_task/part_1@64');
  t.true(taskNames().includes('echo_task'));
  t.throws(() => registerTask('echo_task', () => resolveTask('niah_mq8')), { code: 'ERR_TASK' });
});

test('an id without a subset is all tasks of its benchmark, each once', (t) => {
  const factory = ({
    subset,
    length,
  }: {
    subset?: string | undefined;
    length?: number | undefined;
  }) => ({
    id: `parts/${subset}@${length}`,
    version: 1,
    parameters: {},
    promptStyle: 'plain' as const,
    contexts: () => [],
    score: () => 0,
  });
  registerTask('parts', factory, { subsets: ['one', 'two'] });
  const ids = resolveTasks(['parts/two@64', 'parts@64']).map(({ id }) => id);
  t.deepEqual(ids, ['parts/two@64', 'parts/one@64']);
  t.throws(() => resolveTask('parts@64'), { code: 'ERR_TASK', message: /parts\/one@64/ });
  t.throws(() => resolveTask('parts/tow@64'), { code: 'ERR_TASK', message: /did you mean two\?/ });
});

test('a group is several subsets under one name', (t) => {
  const ids = (name: string) => resolveTasks([name]).map(({ id }) => id);
  t.is(ids('ruler/niah@512').length, 8);
  t.true(ids('ruler/niah@512').every((id) => /^ruler\/niah_\w+@512$/.test(id)));
  t.deepEqual(
    ids('ruler').filter((id) => !ids('ruler/generated').includes(id)),
    ['ruler/qa_1@4096', 'ruler/qa_2@4096'],
  );
  t.throws(() => resolveTask('ruler/naih@512'), {
    code: 'ERR_TASK',
    message: /did you mean niah\?/,
  });
});
