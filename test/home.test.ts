import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { resolveHome } from '../ts/home.js';

test('the option wins over the variables, and they over the system', (t) => {
  const env = { SPARSETUNE_HOME: '/s', XDG_CACHE_HOME: '/x' };
  t.is(resolveHome('here', env), resolve('here'));
  t.is(resolveHome(undefined, env), resolve('/s'));
  t.is(resolveHome(undefined, { ...env, SPARSETUNE_HOME: '' }), join('/x', 'sparsetune'));
  t.is(resolveHome(undefined, {}, 'linux'), join(homedir(), '.cache', 'sparsetune'));
  t.is(resolveHome(undefined, {}, 'darwin'), join(homedir(), 'Library', 'Caches', 'sparsetune'));
  t.is(resolveHome(undefined, { LOCALAPPDATA: 'L' }, 'win32'), join('L', 'sparsetune', 'Cache'));
});
