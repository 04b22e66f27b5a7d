// Peers as child processes that stay alive between rounds and speak JSON lines.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A started peer. Commands run one after another. */
export class Peer {
  #child;
  #waiting = [];
  #end;

  constructor({ name, command }) {
    this.name = name;
    const [program, ...args] = command;
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: peerEnvironment(),
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.#waiting.shift()?.resolve(JSON.parse(line)),
    );
    const fail = (error) => {
      this.#end = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#child.on('error', fail);
    this.#child.on('exit', (code, signal) => fail(new Error(`${name} ended: ${signal ?? code}`)));
  }

  /** The answer of the peer; throws what it reports as an error. */
  async ask(command) {
    if (this.#end !== undefined) throw this.#end;
    const answer = await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    });
    if (answer.error !== undefined) throw new Error(`${this.name}: ${answer.error}`);
    return answer;
  }

  /** What can be timed of a loaded case. */
  rival(form) {
    return {
      name: `${this.name} ${form}`,
      round: async (budgetMs) =>
        (await this.ask({ cmd: 'time', form, budgetMs: Math.round(budgetMs) })).ms,
    };
  }

  stop() {
    this.#child.stdin.end();
  }
}

/** Huge pages from malloc, as ours has them by madvise; one thread; each library's own choice of kernels. */
function peerEnvironment() {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _l2, ...env } = process.env;
  const names = ['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OMP_THREAD_LIMIT'];
  return {
    ...env,
    ...Object.fromEntries(names.map((name) => [name, '1'])),
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  };
}

/** Starts what is installed; a peer that does not answer is added to `absent`. */
export async function startPeers({ peers, absent }) {
  const started = [];
  for (const entry of peers) {
    const peer = new Peer(entry);
    try {
      peer.title = (await peer.ask({ cmd: 'hello' })).name;
      started.push(peer);
    } catch (error) {
      absent.push(`${entry.name}: ${error.message}`);
    }
  }
  return started;
}
