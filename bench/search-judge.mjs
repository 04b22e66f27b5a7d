// Speaks the protocol of a searcher judge (JSON lines on stdin and stdout) through the public Study interface, so that
// regret can be compared with other searchers. Environment: SPARSETUNE_SAMPLER = tpe (default) | random.
import { createInterface } from 'node:readline';
import { AshaScheduler } from '../build/ts/ts/search/asha-scheduler.js';
import { RandomSampler } from '../build/ts/ts/search/random-sampler.js';
import { Study } from '../build/ts/ts/search/study.js';
import { TpeSampler } from '../build/ts/ts/search/tpe-sampler.js';

const Sampler = process.env.SPARSETUNE_SAMPLER === 'random' ? RandomSampler : TpeSampler;
const options = JSON.parse(process.env.SPARSETUNE_SAMPLER_OPTIONS ?? '{}');

const toSchema = (range) => {
  if (range.type === 'categorical') return { enum: range.choices };
  const search = { scale: range.log ? 'log' : 'linear', ...(range.step && { step: range.step }) };
  return {
    type: range.type === 'int' ? 'integer' : 'number',
    minimum: range.low,
    maximum: range.high,
    'x-search': search,
  };
};

const start = ({ space, seed, max_resource, min_resource, eta }) =>
  Study.open({
    space: {
      properties: Object.fromEntries(
        Object.entries(space).map(([name, range]) => [name, toSchema(range)]),
      ),
    },
    sampler: new Sampler({ seed, ...options }),
    scheduler: new AshaScheduler({
      maxResource: max_resource,
      minResource: min_resource,
      reductionFactor: eta,
    }),
    trials: 1_000_000, // the judge ends the session when its own budget is spent
  });

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

let study;
let incumbent;

/**
 * Names the incumbent only where it is not the trial of the lowest value at the highest resource, which the judge takes
 * by itself, and sees one report earlier than the next answer can.
 */
function sendBest() {
  const best = study.best(1)[0]?.number;
  if (best === undefined || best === incumbent) return;
  if (incumbent === undefined && best === lowest()) return;
  incumbent = best;
  send({ type: 'best', trial: best });
}

function lowest() {
  const ends = study.trials.flatMap(({ number, results }) => {
    const last = results.at(-1);
    return last === undefined ? [] : [{ number, resource: last.resource, value: last.value }];
  });
  const order = (a, b) => b.resource - a.resource || a.value - b.value || a.number - b.number;
  return ends.sort(order)[0]?.number;
}

const handlers = {
  async start(message) {
    study = await start(message);
    incumbent = undefined;
  },
  async ask() {
    const [job] = await study.ask(1);
    sendBest();
    send(
      job
        ? { type: 'run', trial: job.trial.number, params: job.trial.params, resource: job.to }
        : { type: 'wait' },
    );
  },
  async report({ trial, resource, value }) {
    const result =
      value === null
        ? { trial, error: 'the evaluation failed' }
        : { trial, to: resource, metrics: { value } };
    await study.tell([result]);
  },
  async stop() {
    sendBest();
    await study.close();
    send({ type: 'done' });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  await handlers[message.type](message);
}
