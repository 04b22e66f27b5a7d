// Our kernels and others side by side, on one thread: interleaved rounds, results checked before they are timed.
//
//   npm run bench:kernels -- [--only dense,attend,...] [--quick] [--dtype f32,f16] [--isa avx2]
//                            [--rounds 5] [--round-ms 150] [--json] [--write]
//
// --json prints one object a line; --write puts the tables into bench/README.md.
import { parseArgs } from 'node:util';
import { resolveHome } from '../build/ts/ts/home.js';
import { loadAddon } from '../build/ts/ts/native/addon.js';
import { allIsas } from '../build/ts/ts/native/isa.js';
import { installPeers } from './kernels/install-peers.mjs';
import { startPeers } from './kernels/peers.mjs';
import { printReport, writeReport } from './kernels/report.mjs';
import { Session } from './kernels/session.mjs';

const caseNames = [
  'dense',
  'attend',
  'top-k-step',
  'select',
  'search',
  'magic-pig',
  'signatures',
  'presets',
  'threads',
  'small',
  'scaling',
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: caseNames.join(',') },
    dtype: { type: 'string', default: 'f32,bf16,f16' },
    isa: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    'round-ms': { type: 'string', default: '150' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const chosen = values.only.split(',').map((name) => name.trim());
const unknown = chosen.find((name) => !caseNames.includes(name));
if (unknown !== undefined)
  fail(`--only: unknown case ${unknown}; there are ${caseNames.join(', ')}`);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 5) fail('--rounds: an integer of at least 5');
const roundMs = values.quick ? 20 : Number(values['round-ms']);
if (!(roundMs > 0)) fail('--round-ms: a number above 0');
if (values.isa !== undefined && !supported().includes(values.isa)) {
  fail(`--isa: this CPU runs ${supported().join(', ')}, not ${values.isa}`);
}
const dtypes = values.dtype.split(',');
const strange = dtypes.find((dtype) => !['f32', 'bf16', 'f16'].includes(dtype));
if (strange !== undefined) fail(`--dtype: f32, bf16 or f16, not ${strange}`);

const found = installPeers(resolveHome());
const peers = await startPeers(found);
const session = new Session({
  quick: values.quick,
  json: values.json,
  isa: values.isa,
  dtypes,
  rounds,
  roundMs,
  peers,
});
for (const reason of found.absent) session.log(`absent peer: ${reason}`);
try {
  for (const name of caseNames.filter((other) => chosen.includes(other))) {
    const { run } = await import(`./kernels/cases/${name}.mjs`);
    await run(session);
  }
} finally {
  for (const peer of peers) peer.stop();
  session.folder.remove();
}
const about = {
  command: `npm run bench:kernels${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
  peers: peers.map(({ title }) => title),
  absent: found.absent,
  rounds,
};
if (!values.json) printReport(session, about);
if (values.write) await writeReport(session, about);

function supported() {
  return allIsas.filter((isa) => loadAddon().supportsIsa(isa));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
