import type { Benchmark } from '../../tasks/registry.js';
import type { Task } from '../../tasks/task.js';
import { parameters } from './format.js';

export interface BenchmarkEntry extends Benchmark {
  readonly name: string;
}

/** Every benchmark with what it is made of; no line is wider than `width` where its words allow. */
export function benchmarkLines(entries: readonly BenchmarkEntry[], width: number): string[] {
  return [
    ...entries.flatMap((entry) => entryLines(entry, width)),
    'A task is <benchmark>[/<subset>][@tokens]; a benchmark without a subset is all of them.',
    '"sparsetune task show ID" tells more, "sparsetune task sample ID --model M" prints prompts.',
  ];
}

function entryLines(
  { name, about, subsets = [], groups = {} }: BenchmarkEntry,
  width: number,
): string[] {
  const parts: [string, string][] = [
    ['lengths', about?.lengths ?? ''],
    ['needs', about?.needs ?? ''],
    [`subsets`, subsets.join(' ')],
    ...Object.entries(groups).map(([group, members]): [string, string] => [
      group,
      members.length === subsets.length ? 'all' : except(subsets, members),
    ]),
  ];
  return [
    `${name}${about === undefined ? '' : `: ${about.measures}`}`,
    ...parts.flatMap(([title, text]) => (text === '' ? [] : wrap(title, text, width))),
    '',
  ];
}

/** Members of a group, or the subsets that are not in it, whatever is shorter. */
function except(subsets: readonly string[], members: readonly string[]): string {
  const others = subsets.filter((name) => !members.includes(name));
  if (members.length <= others.length) return members.join(' ');
  return `all but ${others.join(' ')}`;
}

/** A text beside its title, cut into lines between words. */
function wrap(title: string, text: string, width: number): string[] {
  const lines = [`  ${title.padEnd(10)}`];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    const isFull = line.length + 1 + word.length > width && line.trim() !== '';
    if (isFull) lines.push(`${' '.repeat(12)} ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** What is known of a task before it runs. */
export function taskLines({ id, version, about, promptStyle, parameters: own }: Task): string[] {
  const { measures, metric, contexts, madeFrom, questionsPerContext: asked } = about ?? {};
  const splits = Object.entries(contexts ?? {}).map(([split, count]) => `${split} ${count}`);
  const each = asked === undefined ? '' : `, ${asked} question${asked === 1 ? '' : 's'} each`;
  return [
    `${id}${measures === undefined ? '' : `: ${measures}`}`,
    ...(metric === undefined ? [] : [`  metric      ${metric}`]),
    ...(splits.length === 0 ? [] : [`  contexts    ${splits.join(', ')}${each}`]),
    ...(madeFrom === undefined ? [] : [`  made from   ${madeFrom}`]),
    `  prompts     ${promptStyle}`,
    `  parameters  ${parameters(own)}`,
    `  version     ${version}`,
    '',
  ];
}
