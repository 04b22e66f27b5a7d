import { execFileSync } from 'node:child_process';
import test from 'ava';
import { addonPath } from '../../ts/native/addon.js';

test('the addon shows Node its entries alone, and asks for no library of CUDA', (t) => {
  if (process.platform !== 'linux') {
    t.pass();
    return;
  }
  const args = ['--dyn-syms', '--dynamic', '--wide', addonPath()];
  const printed = execFileSync('readelf', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const symbols = [...printed.matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +(?!UND)\d+ (\S+)/g)];
  const names = symbols.map(([, name]) => name);
  t.deepEqual(names.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  const libraries = [...printed.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name ?? '');
  t.true(libraries.length > 0);
  t.deepEqual(
    libraries.filter((name) => /cuda/i.test(name)),
    [],
  );
});
