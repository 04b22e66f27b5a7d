import test from 'ava';
import { niahMq8 } from '../../ts/tasks/niah-mq8.js';
import { questionOrder } from '../../ts/tasks/question-order.js';
import { toyTools } from '../helpers/toy-tokenizer.js';

const contexts = await niahMq8().contexts('search', toyTools());

test('the order holds every question once and depends on the seed alone', (t) => {
  const order = questionOrder(contexts, 1);
  t.is(new Set(order.map((place) => `${place.context}/${place.question}`)).size, 32);
  t.deepEqual(order, questionOrder(contexts, 1));
  t.notDeepEqual(order, questionOrder(contexts, 2));
});

test('the first r questions are balanced over contexts and depths for every r', (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const order = questionOrder(contexts, seed);
    for (let r = 1; r <= 32; r++) {
      const first = order.slice(0, r);
      const spread = (of: (place: (typeof order)[number]) => number, bins: number) => {
        const counts = new Array<number>(bins).fill(0);
        for (const place of first) counts[of(place)] = (counts[of(place)] ?? 0) + 1;
        return Math.max(...counts) - Math.min(...counts);
      };
      t.true(spread((place) => place.context, 4) <= 1, `contexts, seed ${seed}, r ${r}`);
      t.true(
        spread((place) => Math.floor(place.question / 4), 2) <= 2,
        `halves, seed ${seed}, r ${r}`,
      );
      t.true(spread((place) => place.question, 8) <= 2, `strata, seed ${seed}, r ${r}`);
    }
  }
});
