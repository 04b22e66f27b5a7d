import { readFile, writeFile } from 'node:fs/promises';

/** Replaces what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` in a document. */
export async function replaceBetween(path, name, text) {
  const old = await readFile(path, 'utf8');
  const begin = `<!-- ${name}:begin -->`;
  const start = old.indexOf(begin);
  const end = old.indexOf(`<!-- ${name}:end -->`);
  if (start < 0 || end < start) throw new Error(`${path} has no place for ${name}`);
  await writeFile(path, `${old.slice(0, start + begin.length)}\n\n${text}\n\n${old.slice(end)}`);
}
