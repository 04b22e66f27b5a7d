import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const cli = fileURLToPath(new URL('../helpers/recorded-cli.js', import.meta.url));
const args = ['tune', '--model', 'm', '--task', 'niah_mq8@512', '--config', 'hash_attention'];
const escapeCode = '\u001b';
const inTerminal = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
`;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program; sends it SIGINT as soon as it has printed `interruptAt`. */
function run(command: string, argv: string[], interruptAt?: string): Promise<Ended> {
  const env = { ...process.env, TERM: 'xterm', COLUMNS: '100', PAUSE_MS: '60' };
  const child = spawn(command, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  let isInterrupted = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (interruptAt === undefined || isInterrupted || !out.includes(interruptAt)) return;
    isInterrupted = true;
    child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((done) => child.on('close', (code) => done({ code, out, err })));
}

test('on a terminal one block is redrawn in place and the result stays', async (t) => {
  const { code, out } = await run('python3', ['-c', inTerminal, process.execPath, cli, ...args]);
  t.is(code, 0, out);
  t.true(out.includes(`${escapeCode}[1A${escapeCode}[0J`));
  t.regex(out, /13\/27 trials/);
  t.regex(out, /warning: the cores are oversubscribed/);
  // What a reader sees at the end: after the last erasure only the result.
  const [last = ''] = out.split(`${escapeCode}[0J`).slice(-1);
  t.false(last.includes('loading the model'));
  t.regex(out, /\* winner: heavyFraction=0\.05/);
});

test('SIGINT ends the process with 130 and says how to go on', async (t) => {
  const { code, err } = await run(process.execPath, [cli, ...args], 'study hash_attention-1a2b');
  t.is(code, 130);
  t.regex(err, /stopping after the running batch/);
  t.regex(err, /sparsetune study resume hash_attention-1a2b/);
});
