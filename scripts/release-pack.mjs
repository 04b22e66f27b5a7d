// The packages of a release, into artifacts/*.tgz: npm run release:pack -- [OPTION...]
//
//   --arm64            makes the linux-arm64-gnu package too, with a cross compiler, and tries it in an emulated Node
//   --binary-only      only the binaries, into artifacts/binaries
//   --from DIR         takes the binaries of a folder, and fails where one of a configured target is missing
//   --repository URL   what the manifests name as the source; npm's provenance compares it
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { arm64, buildArm64Addon, tryArm64Addon } from './release/arm64.mjs';
import { shipBinary } from './release/binary.mjs';
import { checkVersions, pack } from './release/pack.mjs';
import { fail, loadCompiled, root, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';
import { setup } from './setup.mjs';

const out = join(root, 'artifacts');
const binaries = join(out, 'binaries');

const { values } = parseArgs({
  options: {
    arm64: { type: 'boolean', default: false },
    'binary-only': { type: 'boolean', default: false },
    from: { type: 'string' },
    repository: { type: 'string' },
  },
});

async function releasePack() {
  checkVersions();
  rmSync(join(root, 'build/ts'), { recursive: true, force: true }); // whatever it holds of earlier sources
  await setup();
  if (values.from === undefined) await makeBinaries();
  if (values['binary-only']) return;
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out)) if (name.endsWith('.tgz')) rmSync(join(out, name));
  const packed = pack({
    binaries: values.from ?? binaries,
    out,
    isComplete: values.from !== undefined,
    repository: values.repository,
  });
  for (const path of [packed.root, ...Object.values(packed.platforms)]) step(path);
}

async function makeBinaries() {
  rmSync(binaries, { recursive: true, force: true });
  const { platformName } = await loadCompiled('ts/native/platform-name.js');
  const built = join(root, 'build/cmake/Release/sparsetune.node');
  shipBinary({ built, platform: platformName(), folder: binaries });
  if (!values.arm64) return;
  installSystemPackages({ arm64: true, emulators: true });
  const addon = shipBinary({ built: buildArm64Addon(), folder: binaries, ...arm64 });
  const { resolveHome } = await loadCompiled('ts/home.js');
  tryArm64Addon(addon, resolveHome());
}

await releasePack().catch(fail);
