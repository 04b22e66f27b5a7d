import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';

const { toHalf, fromHalf } = loadAddon().kernels;

test('every binary16 survives the way to float and back', (t) => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const isNan = (half: number) => (half & 0x7fff) > 0x7c00;
  const back = toHalf(fromHalf(halves));
  t.deepEqual(
    halves.filter((half) => !isNan(half)),
    back.filter((_, i) => !isNan(i)),
  );
  t.true(fromHalf(halves).every((value, i) => Number.isNaN(value) === isNan(i)));
});

const rounding: readonly [string, number, number][] = [
  ['1 + 2^-11 is a tie and goes to the even 1', 1 + 2 ** -11, 0x3c00],
  ['1 + 3 * 2^-11 is a tie and goes to the even 1 + 2^-9', 1 + 3 * 2 ** -11, 0x3c02],
  ['a little above the tie goes up', 1 + 2 ** -11 + 2 ** -20, 0x3c01],
  ['65519 is still the largest number', 65_519, 0x7bff],
  ['65520 is infinite', 65_520, 0x7c00],
  ['2^-25 is a tie with zero', 2 ** -25, 0x0000],
  ['a little above 2^-25 is the smallest number', 1.5 * 2 ** -25, 0x0001],
  ['-0 keeps its sign', -0, 0x8000],
  ['the largest subnormal', 1023 * 2 ** -24, 0x03ff],
  ['just below the smallest normal rounds up to it', 1023.9 * 2 ** -24, 0x0400],
];

for (const [title, value, half] of rounding) {
  test(`conversion to binary16: ${title}`, (t) => {
    t.is(toHalf(Float32Array.of(value))[0], half);
  });
}
