import type { ExecutionContext } from 'ava';
import { longestRun, renderContext } from '../../ts/tasks/prompt.js';
import { resolveTasks } from '../../ts/tasks/registry.js';
import {
  type Split,
  splits,
  type Task,
  type TaskContext,
  type TaskQuestion,
} from '../../ts/tasks/task.js';
import { toyTools } from './toy-tokenizer.js';

/** Every task that is made from nothing but a seed and a length, with the tokens of its unit of filler at most. */
export const unitTokens = {
  'ruler/niah_single_1': 30,
  'ruler/niah_single_2': 15,
  'ruler/niah_single_3': 15,
  'ruler/niah_multikey_1': 15,
  'ruler/niah_multikey_2': 25,
  'ruler/niah_multikey_3': 90,
  'ruler/niah_multivalue': 15,
  'ruler/niah_multiquery': 15,
  'ruler/vt': 30,
  'ruler/cwe': 30,
  'ruler/fwe': 12,
  'infinite_bench/passkey': 30,
  'infinite_bench/number_string': 30,
  'infinite_bench/kv_retrieval': 90,
  'infinite_bench/math_find': 8,
  'infinite_bench/math_calc': 12,
  'infinite_bench/code_run': 45,
} as const satisfies Record<string, number>;

export type GeneratedName = keyof typeof unitTokens;

export const generatedNames = Object.keys(unitTokens) as GeneratedName[];

export const chatTemplate = "<|user|>{{ messages[0]['content'] }}<|assistant|>";

const known = new Map<string, Promise<readonly TaskContext[]>>();

/** A split of a task with the toy tokenizer, made once. */
export function contextsOf(id: string, split: Split = 'search'): Promise<readonly TaskContext[]> {
  const contexts = known.get(`${id} ${split}`) ?? freshContexts(id, split);
  known.set(`${id} ${split}`, contexts);
  return contexts;
}

/** As contextsOf, made anew. */
export async function freshContexts(
  id: string,
  split: Split = 'search',
): Promise<readonly TaskContext[]> {
  const [task] = resolveTasks([id], { promptStyle: 'plain' });
  return (task as Task).contexts(split, toyTools());
}

/** Context and only question of every context of every split. */
export async function questionsOf(
  t: ExecutionContext,
  id: string,
): Promise<{ text: string; question: TaskQuestion }[]> {
  const contexts = await Promise.all(splits.map((split) => contextsOf(id, split)));
  return contexts.flat().map(({ text, questions }) => {
    t.is(questions.length, 1);
    return { text, question: questions[0] as TaskQuestion };
  });
}

/** Tokens that a context needs, with a begin-of-text token. */
export function tokensOf(
  context: TaskContext,
  style: 'plain' | 'chat',
  tools = toyTools(chatTemplate),
): number {
  const special = { bosToken: '', eosToken: '', bosId: 1 };
  return longestRun(renderContext(context, style, tools, special));
}
