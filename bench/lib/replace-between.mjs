import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const biome = fileURLToPath(
  new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url),
);

/** Replaces what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` in a document, and formats it. */
export async function replaceBetween(path, name, text) {
  const old = await readFile(path, 'utf8');
  const begin = `<!-- ${name}:begin -->`;
  const start = old.indexOf(begin);
  const end = old.indexOf(`<!-- ${name}:end -->`);
  if (start < 0 || end < start) throw new Error(`${path} has no place for ${name}`);
  await writeFile(path, `${old.slice(0, start + begin.length)}\n\n${text}\n\n${old.slice(end)}`);
  spawnSync(process.execPath, [biome, 'format', '--write', path], { stdio: 'ignore' });
}
