// Our kernels and others side by side: interleaved rounds, every result checked before it is timed.
//
//   npm run bench:kernels -- [--only dense,attend,...] [--quick] [--threads 1] [--dtype f32,f16] [--isa avx2]
//                            [--rounds 5] [--round-ms 150] [--json] [--write]
//
// --json prints one object a line; --write puts the tables into bench/README.md.
import { parseArgs } from 'node:util';
import { KvCache } from '../build/ts/ts/attention/kv-cache.js';
import { resolveHome } from '../build/ts/ts/home.js';
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
    threads: { type: 'string', default: '1' },
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
const threads = Number(values.threads);
if (![1, 2].includes(threads)) fail('--threads: 1 or 2');
const dtypes = values.dtype.split(',');
const strange = dtypes.find((dtype) => !['f32', 'bf16', 'f16'].includes(dtype));
if (strange !== undefined) fail(`--dtype: f32, bf16 or f16, not ${strange}`);

const found = installPeers(resolveHome(), { threads });
const peers = await startPeers(found, threads);
const session = new Session({
  quick: values.quick,
  json: values.json,
  isa: values.isa,
  dtypes: dtypes.filter(isSupported),
  rounds,
  roundMs: values.quick ? 20 : Number(values['round-ms']),
  threads,
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
  threads,
};
if (!values.json) printReport(session, about);
if (values.write) await writeReport(session, about);

/** An element type that this build does not have yet is left out. */
function isSupported(dtype) {
  try {
    new KvCache({ nKvHeads: 1, headDim: 8, capacity: 1, dtype });
    return true;
  } catch {
    console.error(`left out: dtype ${dtype} is not in this build`);
    return false;
  }
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
